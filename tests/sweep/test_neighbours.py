"""Noisy neighbours, real ones: their traces are in the stamps of just the trials that they disturb.

The loader sleeps inside the clock, so that a window is long enough for ticks whatever the machine's speed. Others may
be busy on it too: that a trial without a neighbour is undisturbed is not asserted.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loadbench.checkpoints.checkpoint import open_checkpoint
from loadbench.checkpoints.manifest import manifest_of, manifest_path
from loadbench.machine.storage import describe_storage
from loadbench.records import Case, Record, Surroundings, Value
from loadbench.sweep.disturbance import CAUSES, disturbances
from loadbench.sweep.judge import judge
from loadbench.sweep.processes import process_context
from loadbench.sweep.supervise import Job, run_trial
from loadbench.units import MIB
from tests.conftest import PLUGIN

SLEEP_MS = 500
BURN = """
print(flush=True)
while True:
    pass
"""
READ_DIRECTLY = """
import mmap, os, sys
descriptor = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
buffer = mmap.mmap(-1, 1 << 22)
print(flush=True)
while True:
    if not os.preadv(descriptor, [buffer], offset := 0):
        sys.exit("nothing to read")
    while os.preadv(descriptor, [buffer], offset := offset + len(buffer)):
        pass
"""
Trial = Callable[..., Record]


@pytest.fixture(scope="module")
def trial(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Does one warm trial of the fake loader and judges it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PLUGIN))
        tried = open_checkpoint(checkpoint)
        manifest_of(tried)
        log = tmp_path_factory.mktemp("logs") / "trial.log"
        context = process_context("fork")
        device = describe_storage(checkpoint).device

        def run(behaviour: str = "right", tolerated: frozenset[str] = frozenset()) -> Record:
            tunables: dict[str, Value] = {"sleep_ms": SLEEP_MS, "behaviour": behaviour}
            case = Case(loader="fake", checkpoint="small", cache="warm", tunables=tunables)
            job = Job(case, tried.files, manifest_path(tried, "auto"), device, "fadvise", None, None)
            return judge(
                case, run_trial(job, context, log, 60), round_number=1, attempt=1, started_at=datetime.now(UTC),
                session=0, isolation="fork", payload_bytes=tried.payload_bytes, stored_bytes=None, tolerated=tolerated,
            )  # fmt: skip

        yield run


@contextmanager
def neighbours(count: int, program: str, *arguments: Path) -> Iterator[None]:
    """So many processes that are at work by the time this is entered."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(count)]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == b"\n", "the neighbour could not start"
        yield
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def causes(record: Record) -> set[str]:
    """What the record's stamps say, whatever is tolerated."""
    assert record.surroundings
    assert record.bytes
    cpus = len(os.sched_getaffinity(0))
    reads = record.bytes.storage_read_bytes
    found = disturbances(record.surroundings, record.case, record.bytes.payload_bytes, cpus, reads)
    return {cause for cause, _ in found}


def test_every_trial_is_stamped_with_a_window_around_its_clock(trial: Trial) -> None:
    record = trial(tolerated=frozenset(CAUSES))
    assert (record.status, record.reason) == ("ok", "")
    assert record.timing
    assert record.surroundings
    assert record.surroundings.window_ns >= record.timing.load_ns >= SLEEP_MS * 1_000_000
    assert Surroundings.model_validate_json(record.surroundings.model_dump_json()) == record.surroundings


def test_a_load_that_raises_is_stamped(trial: Trial) -> None:
    record = trial("raise")
    assert (record.status, record.surroundings is not None) == ("failed", True)


def test_processes_that_use_more_than_half_of_the_cpus_disturb(trial: Trial) -> None:
    with neighbours(len(os.sched_getaffinity(0)) // 2 + 1, BURN):
        record = trial(tolerated=frozenset(CAUSES) - {"cpu"})
        tolerant = trial(tolerated=frozenset(CAUSES))
    assert (record.status, record.reason.partition(":")[0]) == ("disturbed", "cpu")
    assert (tolerant.status, tolerant.reason) == ("ok", "")
    assert "cpu" in causes(record) & causes(tolerant)


def test_a_process_that_reads_another_file_of_the_same_disk_disturbs(trial: Trial, tmp_path: Path) -> None:
    if describe_storage(tmp_path).device is None:
        pytest.skip("the test directory is on no block device: whose reads are whose cannot be told")
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.write(b"\1" * (64 * MIB))
        os.fsync(file.fileno())
    with neighbours(1, READ_DIRECTLY, big):
        record = trial(tolerated=frozenset(CAUSES) - {"disk"})
    afterwards = trial(tolerated=frozenset(CAUSES))
    assert (record.status, record.reason.partition(":")[0]) == ("disturbed", "disk")
    assert "disk" in causes(record)
    assert record.bytes
    assert record.bytes.storage_read_bytes is not None
    assert record.bytes.device_read_bytes is not None
    assert record.surroundings
    own, everybody = record.bytes.storage_read_bytes, record.bytes.device_read_bytes
    assert record.surroundings.foreign_read_bytes == everybody - own
    assert afterwards.status == "ok"
