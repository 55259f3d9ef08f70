"""Cold is proved: made, verified before the clock, read back after, and cross-checked with what storage delivered."""

import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.machine.storage import describe_storage
from loadbench.records import Record
from loadbench.store import read_run
from tests.conftest import Loadbench

READER = """
import sys
while True:
    with open(sys.argv[1], "rb") as file:
        while file.read(1 << 20):
            pass
"""


@pytest.fixture(scope="module")
def file(checkpoint: Path) -> Path:
    if describe_storage(checkpoint).device is None:
        pytest.skip("the test directory is on no block device, so cold cannot be proved there")
    return checkpoint / "model.safetensors"


def swept(loadbench: Loadbench, out: Path, *arguments: str | Path) -> tuple[Record, ...]:
    ended = loadbench("sweep", *arguments, "--out", out)
    assert ended.returncode in (0, 4), ended.stderr
    return read_run(out).records


def test_cold_and_warm_are_verified_on_both_sides(loadbench: Loadbench, file: Path, tmp_path: Path) -> None:
    arguments = ("--loader", "safetensors-pread,raw-read", "--rounds", "2", "--set", "raw-read.io=direct")
    records = swept(loadbench, tmp_path / "run", file, *arguments)
    assert [record.status for record in records] == ["ok"] * 8
    for record in records:
        assert record.cache
        assert record.bytes
        assert record.path
        assert record.cache.before.state == record.case.cache
        direct = record.case.loader == "raw-read"
        cold = record.case.cache == "cold"
        assert record.cache.after.state == ("cold" if direct and cold else "warm")
        from_storage = record.bytes.storage_read_bytes
        assert from_storage is not None
        assert (from_storage >= 0.98 * record.bytes.payload_bytes) == (cold or direct)
        assert record.path.effective == ("direct" if direct else "buffered")


def test_a_file_that_somebody_keeps_reading_is_never_cold(loadbench: Loadbench, file: Path, tmp_path: Path) -> None:
    """The neighbour brings pages back between eviction and load: the trial is tried three times and never counted."""
    neighbour = subprocess.Popen([sys.executable, "-c", READER, str(file)])
    try:
        records = swept(
            loadbench, tmp_path / "run", file, "--loader", "safetensors-pread", "--cache", "cold", "--rounds", "1",
            "--cold-by", "fadvise",
        )  # fmt: skip
    finally:
        neighbour.kill()
        neighbour.wait()
    assert "ok" not in {record.status for record in records}
    disturbed = [record for record in records if record.status == "disturbed"]
    assert [record.attempt for record in disturbed] in ([], [1, 2, 3])
    if not disturbed:
        assert "cannot make the checkpoint cold" in records[0].reason


def test_a_mapped_file_is_copied_and_the_copy_is_gone_afterwards(
    loadbench: Loadbench, file: Path, tmp_path: Path
) -> None:
    """Pages that a living process maps cannot be evicted: neither by fadvise nor by drop_caches."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[::4096]) > 0
        (record,) = swept(
            loadbench, tmp_path / "run", file, "--loader", "safetensors-pread", "--cache", "cold", "--rounds", "1"
        )
    assert (record.status, record.cache and record.cache.made_by) == ("ok", "copy")
    assert [path.name for path in file.parent.iterdir()] == ["model.safetensors"]
