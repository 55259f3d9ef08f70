"""What a trial's evidence makes of it: pure, so every rule is broken here one at a time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.machine.cpu_accounting import CpuTimes
from loadbench.machine.pressure import Stalls
from loadbench.machine.surroundings import Stamp, Window
from loadbench.records import BytesProof, CacheWish, Case, Record, Residency
from loadbench.sweep.disturbance import CAUSES
from loadbench.sweep.judge import judge
from loadbench.sweep.supervise import Outcome
from loadbench.trial.spec import Failed, Finished, KernelCounts, MemoryCounts

MB = 1_000_000
PAYLOAD = 100 * MB
COLD = Residency(state="cold", resident_bytes=0, total_bytes=PAYLOAD, method="cachestat")
WARM = Residency(state="warm", resident_bytes=PAYLOAD, total_bytes=PAYLOAD, method="cachestat")
PART = Residency(state="partial", resident_bytes=PAYLOAD // 2, total_bytes=PAYLOAD, method="cachestat")
COUNTS = KernelCounts(1, 1, 1, 1, 1, 1, read_call_bytes=PAYLOAD, storage_read_bytes=PAYLOAD)
EVENTS = {"spawned": 0, "imported": 5, "context_ready": 6, "load_called": 10, "synchronised": 30, "released": 40}
FINISHED = Finished(
    events=EVENTS, modules_imported=0, delivered_bytes=PAYLOAD, tensors=3, counts=COUNTS,
    memory=MemoryCounts(1, 2, 1, 1, None, None), proof=BytesProof(compared=3, algorithm="xxh3_128", wrong=0),
    late_bytes=0, mapped=0,
)  # fmt: skip
NS = 1_000_000_000


def window(disk: int | None = None, *, busy_s: float = 0.0, seconds: float = 1.0) -> Window:
    """A second on two CPUs, in which so much was read from the disk and so much CPU time was used, by anybody."""
    before = Stamp(0, Stalls(0, 0, 0), CpuTimes(2, 0, 0), 0, None if disk is None else 0, 0)
    after = replace(before, at_ns=round(seconds * NS), cpu=CpuTimes(2, round(busy_s * NS), 0), read_bytes=disk)
    return Window(before, after)


def judged(
    finished: Finished = FINISHED,
    *,
    loader: str = "safetensors-pread",
    cache: CacheWish = "cold",
    before: Residency = COLD,
    after: Residency = WARM,
    around: Window | None = None,
    stored: int | None = PAYLOAD,
    tunables: dict[str, int | str] | None = None,
    tolerated: frozenset[str] = frozenset(),
) -> Record:
    return judge(
        Case(loader=loader, checkpoint="c", cache=cache, tunables=dict(tunables or {})),
        Outcome(finished=finished, made_by="fadvise", before=before, after=after, window=around),
        round_number=1,
        attempt=1,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        session=0,
        isolation="fork",
        payload_bytes=PAYLOAD,
        stored_bytes=stored,
        tolerated=tolerated,
    )


def reading(own: int | None, asked: int = PAYLOAD) -> Finished:
    return replace(FINISHED, counts=replace(COUNTS, storage_read_bytes=own, read_call_bytes=asked))


def test_a_good_trial() -> None:
    record = judged()
    assert (record.status, record.reason) == ("ok", "")
    assert record.timing
    assert (record.timing.load_ns, record.timing.process_ns) == (20, 26)


@pytest.mark.parametrize(
    ("own", "disk", "stored", "status"),
    [
        (PAYLOAD, None, PAYLOAD, "ok"),
        (10 * MB, None, PAYLOAD, "disturbed"),
        (0, PAYLOAD, PAYLOAD, "disturbed"),  # a stranger has read it
        (60 * MB, None, 60 * MB, "ok"),  # compressed by the file system
        (50 * MB, None, 60 * MB, "disturbed"),
        (0, None, None, "ok"),  # no block device: nothing can contradict
    ],
)
def test_cold_has_to_come_from_storage(own: int, disk: int | None, stored: int | None, status: str) -> None:
    record = judged(reading(own), around=window(disk), stored=stored)
    assert record.status == status
    assert ("came from storage" in record.reason) == (status == "disturbed")


def test_the_disk_is_believed_only_for_reads_that_no_process_is_charged_with() -> None:
    gds = replace(reading(0, 0), attested_path=("gds", "the driver counted them"))
    record = judged(gds, loader="fastsafetensors-gds", around=window(PAYLOAD))
    assert (record.status, record.reason) == ("ok", "")
    assert record.surroundings
    assert record.surroundings.foreign_read_bytes is None, "the trial's own reads would be taken for a stranger's"
    assert judged(gds, loader="fastsafetensors-gds", around=window(MB)).status == "disturbed"


def test_warm_has_to_come_from_memory_and_stay_there() -> None:
    warm = {"cache": "warm", "before": WARM}
    assert judged(reading(0), **warm).status == "ok"  # type: ignore[arg-type]
    assert judged(reading(10 * MB), **warm).status == "disturbed"  # type: ignore[arg-type]
    assert judged(reading(0), cache="warm", before=WARM, after=PART).status == "disturbed"
    past_the_cache = judged(reading(PAYLOAD), loader="fastsafetensors-nogds", **warm)  # type: ignore[arg-type]
    assert (past_the_cache.status, past_the_cache.path and past_the_cache.path.effective) == ("ok", "direct")


@pytest.mark.parametrize(
    ("finished", "message"),
    [
        (replace(FINISHED, proof=BytesProof(compared=3, algorithm="x", wrong=1, first_wrong="tensor a")), "tensor a"),
        (replace(FINISHED, mapped=2), "2 of 3 tensors are still a mapping"),
        (replace(FINISHED, late_bytes=PAYLOAD), "read after the clock"),
    ],
)
def test_what_makes_a_trial_invalid(finished: Finished, message: str) -> None:
    record = judged(finished)
    assert record.status == "invalid"
    assert message in record.reason


def test_an_ignored_setting_is_no_result() -> None:
    used = replace(reading(PAYLOAD), attested_settings={"threads": 8})
    assert judged(used, loader="tensorizer", tunables={"threads": 8}).status == "ok"
    record = judged(used, loader="tensorizer", tunables={"threads": 32})
    assert (record.status, record.reason) == (
        "failed", "setting ignored: threads=32 was asked for, the library used 8",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("loader", "asked", "own", "after", "path"),
    [
        ("safetensors-pread", PAYLOAD, PAYLOAD, WARM, "buffered"),
        ("safetensors-mmap", 0, PAYLOAD, WARM, "mmap"),
        ("runai-streamer", 0, PAYLOAD, COLD, "direct"),
        ("runai-streamer", 0, PAYLOAD, WARM, "unknown"),  # io_uring through the page cache makes no counted read call
    ],
)
def test_the_path_that_the_counters_show(loader: str, asked: int, own: int, after: Residency, path: str) -> None:
    record = judged(reading(own, asked), loader=loader, after=after)
    assert record.path
    assert record.path.effective == path


def test_direct_reads_that_were_not() -> None:
    record = judged(loader="raw-read", tunables={"io": "direct"})
    assert record.status == "failed"
    assert "direct reads were asked for, but they were buffered" in record.reason


BUSY = window(PAYLOAD + 50 * MB, busy_s=1.5)


def test_what_others_did_is_what_the_trial_did_not() -> None:
    used = replace(COUNTS, user_ns=NS // 2, system_ns=NS // 4, children_cpu_ns=NS // 8)
    record = judged(replace(FINISHED, counts=used), around=BUSY, tolerated=frozenset(CAUSES))
    assert (record.status, record.reason) == ("ok", "")
    assert record.surroundings
    assert record.surroundings.foreign_read_bytes == 50 * MB
    assert record.surroundings.foreign_cpu_ns == 1.5 * NS - NS // 2 - NS // 4 - NS // 8


def test_causes_disturb_unless_they_are_tolerated() -> None:
    assert judged(around=BUSY).reason == "disk: others read 50.0 MB from the checkpoint's disk"
    assert judged(around=BUSY, tolerated=frozenset({"disk"})).reason == "cpu: others used 75% of the time of 2 CPUs"
    assert judged(around=BUSY, tolerated=frozenset({"disk", "cpu"})).status == "ok"


def test_a_cause_excuses_nothing_that_is_worse() -> None:
    """Wrong bytes are wrong on a busy machine too; and a wrong cache state cannot be tolerated."""
    wrong = replace(FINISHED, proof=BytesProof(compared=3, algorithm="x", wrong=1, first_wrong="tensor a"))
    assert judged(wrong, around=BUSY).status == "invalid"
    ignored = replace(FINISHED, attested_settings={"threads": 8})
    assert judged(ignored, loader="tensorizer", tunables={"threads": 4}, around=BUSY).status == "failed"
    for tolerated in (frozenset[str](), frozenset(CAUSES)):
        record = judged(reading(0), around=BUSY, tolerated=tolerated)
        assert (record.status, record.reason.partition(":")[0]) == ("disturbed", "cache")


@given(load_ns=st.integers(1, 10**12), busy_s=st.floats(0, 2), disk=st.integers(PAYLOAD, 3 * PAYLOAD))
def test_the_time_of_the_load_decides_nothing(load_ns: int, busy_s: float, disk: int) -> None:
    around = window(disk, busy_s=busy_s)
    slower = replace(FINISHED, events=EVENTS | {"synchronised": 10 + load_ns, "released": 20 + load_ns})
    record, other = judged(around=around), judged(slower, around=around)
    assert (record.status, record.reason) == (other.status, other.reason)


def test_a_load_that_failed_has_its_surroundings_too() -> None:
    outcome = Outcome(failed=Failed("ValueError"), made_by="fadvise", before=COLD, after=COLD, window=BUSY)
    record = judge(
        Case(loader="safetensors-pread", checkpoint="c", cache="cold"), outcome, round_number=1, attempt=1,
        started_at=datetime(2026, 1, 1, tzinfo=UTC), session=0, isolation="fork", payload_bytes=PAYLOAD,
        stored_bytes=PAYLOAD,
    )  # fmt: skip
    assert record.status == "failed"
    assert record.surroundings
    assert (record.surroundings.window_ns, record.surroundings.foreign_cpu_ns) == (NS, None)


@pytest.mark.parametrize("loader", ["safetensors-mmap", "safetensors-pread"])
def test_a_warm_load_of_an_evicted_file_is_not_a_direct_one(loader: str) -> None:
    """A stranger evicts it between the proof and the load, which brings it back: before and after look warm."""
    asked = 0 if loader == "safetensors-mmap" else PAYLOAD
    record = judged(reading(PAYLOAD, asked), loader=loader, cache="warm", before=WARM, after=WARM)
    assert record.status == "disturbed"
    assert record.reason == "cache: warm was asked for, but 100% of the bytes came from storage inside the clock"


@pytest.mark.parametrize(
    ("disk", "status", "effective"),
    [(PAYLOAD * 3 // 2, "disturbed", "direct"), (PAYLOAD, "failed", "buffered"), (None, "failed", "buffered")],
)
def test_a_stranger_who_fills_the_cache_does_not_make_direct_reads_buffered(
    disk: int | None, status: str, effective: str
) -> None:
    """What grew the page cache was read on top of the trial's own bytes; a trial that filled it itself read once."""
    tunables: dict[str, int | str] = {"io": "direct"}
    record = judged(loader="raw-read", after=PART, around=window(disk), tunables=tunables)
    assert record.path
    assert (record.status, record.path.effective) == (status, effective)
    assert status != "disturbed" or record.reason.startswith("disk: others read 50.0 MB")
