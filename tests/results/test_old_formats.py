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


def test_format_2_means_what_it_meant() -> None:
    stored = store.read_run(HERE / "v2")
    plan = stored.run.plan
    assert (plan.ladder, plan.precision, plan.budget_s) == ([6, 9], {"cold": 0.05, "warm": 0.03}, 1200)
    assert [case.loader for case in plan.sentinels] == ["raw-read", "raw-read"]
    assert stored.run.sessions[0].ended == "budget"
    assert [ceiling.kind for ceiling in stored.run.ceilings] == [
        "storage",
        "storage",
        "page cache",
        "memory",
        "link, pinned",
        "link, pageable",
    ]
    assert stored.run.ceilings[1].samples_ns == [204_000_000, 206_000_000, 210_000_000]
    seen = stored.records[0].surroundings
    assert seen
    assert (seen.window_ns, seen.foreign_read_bytes, seen.kernel_log) == (300_000_000, 4096, ["nvme0: reset"])
    assert stored.records[-1].surroundings
    assert stored.records[-1].surroundings.steal_ns is None
    nogds, warm, raw, raw_warm = summarise(stored.run, stored.records)
    assert nogds.bounds
    assert (nogds.bounds.lower.stage, nogds.bounds.lower.ns) == ("storage", 201_000_000)
    assert nogds.bottleneck == "storage"
    assert nogds.precision
    assert nogds.precision.met
    assert (warm.missing_rounds, warm.missing_reason) == (6, "the time budget was up")
    assert (raw.is_sentinel, raw_warm.is_sentinel) == (True, True)
