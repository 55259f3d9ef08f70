"""Cold is proved: made, verified before the clock, read back after, and cross-checked with what storage delivered."""

import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
STRANGER = """
import sys
from pathlib import Path
meeting = Path(sys.argv[1])
while True:
    for name in (meeting / "ask").read_text().splitlines():
        Path(name).read_bytes()
    (meeting / "done").write_text("done")
"""


@contextmanager
def neighbour(program: str, *arguments: Path) -> Iterator[None]:
    """A Python program in a process of its own, which does not belong to any trial."""
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def file(checkpoint: Path) -> Path:
    if describe_storage(checkpoint).device is None:
        pytest.skip("the test directory is on no block device, so cold cannot be proved there")
    return checkpoint / "model.safetensors"


def swept(loadbench: Loadbench, out: Path, *arguments: str | Path) -> tuple[Record, ...]:
    ended = loadbench("sweep", *arguments, "--out", out)
    assert ended.returncode in (0, 3, 4), ended.stderr
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


def test_a_stranger_who_reads_the_file_inside_the_clock_makes_no_cold_load(
    loadbench: Loadbench, file: Path, tmp_path: Path
) -> None:
    """The disk delivers every byte, but to the stranger; the loader finds them in the page cache."""
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    os.mkfifo(meeting / "ask")
    os.mkfifo(meeting / "done")
    arguments = ("--set", "fake.behaviour=stranger", "--cache", "cold", "--rounds", "1", "--cold-by", "fadvise")
    with neighbour(STRANGER, meeting):
        ended = loadbench(
            "sweep", file, "--loader", "fake", *arguments, "--timeout", "60s", "--out", tmp_path / "run",
            LOADBENCH_STRANGER=str(meeting),
        )  # fmt: skip
    assert ended.returncode == 4, ended.stderr
    records = read_run(tmp_path / "run").records
    assert [(record.status, record.attempt) for record in records] == [("disturbed", n) for n in (1, 2, 3)]
    for record in records:
        assert record.reason.startswith("cache: cold was asked for, but only ")
        assert record.bytes
        assert record.bytes.device_read_bytes is not None
        assert record.bytes.device_read_bytes >= 0.98 * record.bytes.payload_bytes


@pytest.mark.parametrize("behaviour", ["child-reads", "child-reads-and-stays"])
def test_what_a_loaders_own_children_read_is_its_own(
    loadbench: Loadbench, file: Path, tmp_path: Path, behaviour: str
) -> None:
    arguments = ("--set", f"fake.behaviour={behaviour}", "--cache", "cold", "--rounds", "1", "--cold-by", "fadvise")
    (record,) = swept(loadbench, tmp_path / "run", file, "--loader", "fake", *arguments)
    assert (record.status, record.reason) == ("ok", "")


def test_while_somebody_keeps_reading_the_file_only_proved_trials_count(
    loadbench: Loadbench, file: Path, tmp_path: Path
) -> None:
    """The neighbour may pause for the length of a trial, which is then cold in truth; without the proof it is not."""
    arguments = ("--loader", "safetensors-pread", "--cache", "cold", "--rounds", "3", "--cold-by", "fadvise")
    with neighbour(READER, file):
        records = swept(loadbench, tmp_path / "run", file, *arguments)
    assert records
    for record in records:
        if record.status == "ok":
            assert record.cache
            assert record.bytes
            assert record.cache.before.state == "cold"
            assert (record.bytes.storage_read_bytes or 0) >= 0.98 * record.bytes.payload_bytes
        elif record.status == "disturbed":
            assert record.reason.startswith("cache: cold was asked for, but ")
        else:
            assert (record.status, "cannot make the checkpoint cold" in record.reason) == ("skipped", True)


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
