"""Results of every format that a release has written stay readable. These directories are never regenerated."""

from pathlib import Path

import pytest

from loadbench import store
from loadbench.analysis.summary import summarise
from loadbench.records import SCHEMA_VERSION
from loadbench.report import machine_readable
from loadbench.report.document import document
from loadbench.report.findings import find
from loadbench.report.markdown import markdown

HERE = Path(__file__).parent
FORMATS = range(1, SCHEMA_VERSION + 1)


@pytest.mark.parametrize("version", FORMATS)
def test_every_format_can_be_read_and_reported(version: int) -> None:
    stored = store.read_run(HERE / f"v{version}")
    assert stored.run.schema_version == version
    assert not stored.warnings
    findings = find(stored)
    assert "fastsafetensors-nogds" in markdown(document(findings))
    assert machine_readable.as_json([findings])
    assert machine_readable.as_csv([findings])


def test_format_1_means_what_it_meant() -> None:
    stored = store.read_run(HERE / "v1")
    assert [record.status for record in stored.records] == ["ok", "ok", "skipped", "disturbed", "ok", "invalid"]
    first = stored.records[0]
    assert first.timing
    assert first.bytes
    assert first.counters
    assert first.cache
    assert first.case.tunables == {"threads": 8, "buffer": 8 * 2**20}
    assert first.timing.load_ns == 243_500_000
    assert first.timing.events["released"] == 8
    assert first.bytes.payload_bytes == 548_090_880
    assert first.counters.device_peak_bytes == 1
    assert first.cache.after.state == "warm"
    assert first.settings["ratio"] == 0.5
    nogds, gds, raw = summarise(stored.run, stored.records)
    assert nogds.measured
    assert nogds.measured.median_ns == 246_750_000
    assert gds.measured is None
    assert raw.is_ceiling
    assert [(outcome.status, outcome.repeated) for outcome in raw.outcomes] == [("disturbed", 1), ("invalid", 0)]
