"""What a trial's evidence makes of it: pure, so every rule is broken here one at a time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from loadbench.records import BytesProof, CacheWish, Case, Record, Residency
from loadbench.sweep.judge import judge
from loadbench.sweep.supervise import Outcome
from loadbench.trial.spec import Finished, KernelCounts, MemoryCounts

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


def judged(
    finished: Finished = FINISHED,
    *,
    loader: str = "safetensors-pread",
    cache: CacheWish = "cold",
    before: Residency = COLD,
    after: Residency = WARM,
    disk: int | None = None,
    stored: int | None = PAYLOAD,
    tunables: dict[str, int | str] | None = None,
) -> Record:
    return judge(
        Case(loader=loader, checkpoint="c", cache=cache, tunables=dict(tunables or {})),
        Outcome(finished=finished, made_by="fadvise", before=before, after=after, device_read_bytes=disk),
        round_number=1,
        attempt=1,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        session=0,
        isolation="fork",
        payload_bytes=PAYLOAD,
        stored_bytes=stored,
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
        (10 * MB, PAYLOAD, PAYLOAD, "ok"),  # read by a child, which the process's own counter misses
        (60 * MB, None, 60 * MB, "ok"),  # compressed by the file system
        (50 * MB, None, 60 * MB, "disturbed"),
        (0, None, None, "ok"),  # no block device: nothing can contradict
    ],
)
def test_cold_has_to_come_from_storage(own: int, disk: int | None, stored: int | None, status: str) -> None:
    record = judged(reading(own), disk=disk, stored=stored)
    assert record.status == status
    assert ("came from storage" in record.reason) == (status == "disturbed")


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
