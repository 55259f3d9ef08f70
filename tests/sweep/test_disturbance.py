"""Causes of disturbance, each by itself: just below its limit and just above it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.records import CacheWish, Case, Surroundings
from loadbench.sweep.disturbance import CACHE, CAUSES, TOLERABLE, disturbance, disturbances

SECOND = 1_000_000_000
MB = 1_000_000
CPUS = 4
PAYLOAD = 1000 * MB


def found(
    seen: dict[str, Any],
    *,
    cache: CacheWish = "cold",
    payload: int = PAYLOAD,
    own_reads: int | None = 0,
    window: int = SECOND,
) -> list[str]:
    """The causes in a trial's surroundings, which are quiet but for what is given."""
    case = Case(loader="raw-read", checkpoint="c", cache=cache)
    around = Surroundings(window_ns=window, **seen)
    return [cause for cause, _ in disturbances(around, case, payload, CPUS, own_reads)]


@pytest.mark.parametrize(
    ("field", "limit", "cause"),
    [
        ("memory_stall_ns", SECOND // 10, "memory"),
        ("steal_ns", CPUS * SECOND // 20, "steal"),
        ("foreign_read_bytes", 100 * MB, "disk"),
        ("written_bytes", 250 * MB, "disk"),
        ("foreign_cpu_ns", CPUS * SECOND // 4, "cpu"),
    ],
)
@pytest.mark.parametrize("cache", ["cold", "warm"])
def test_a_cause_is_a_share_of_what_there_was(field: str, limit: int, cause: str, cache: CacheWish) -> None:
    assert found({field: limit}, cache=cache) == []
    assert found({field: limit + 1}, cache=cache) == [cause]


@pytest.mark.parametrize(
    ("field", "floor", "cause"),
    [
        ("memory_stall_ns", SECOND // 50, "memory"),
        ("steal_ns", 30 * MB, "steal"),
        ("foreign_read_bytes", 8 * MB, "disk"),
        ("written_bytes", 64 * MB, "disk"),
        ("foreign_cpu_ns", SECOND // 10, "cpu"),
    ],
)
def test_little_is_never_a_cause_however_short_the_window(field: str, floor: int, cause: str) -> None:
    assert found({field: floor}, window=1, payload=1) == []
    assert found({field: floor + 1}, window=1, payload=1) == [cause]


def test_waiting_for_io_is_judged_where_the_trial_did_none() -> None:
    stall = {"io_stall_ns": SECOND // 5 + 1}
    assert found(stall, cache="warm") == ["io"]
    assert found({"io_stall_ns": SECOND // 5}, cache="warm") == []
    assert found(stall, cache="cold") == []
    assert found(stall, cache="warm", own_reads=2 * MB) == []
    assert found(stall, cache="warm", own_reads=None) == []


def test_waiting_for_a_cpu_is_stamped_only() -> None:
    assert found({"cpu_stall_ns": SECOND}) == []


def test_what_the_kernel_and_the_gpu_say_needs_no_limit() -> None:
    assert found({"kernel_log": ["nvme nvme0: I/O timeout"]}) == ["kernel"]
    assert found({"gpu_processes": ["python (pid 3)"], "gpu_throttling": ["power brake"]}) == ["gpu", "gpu"]


def test_what_cannot_be_told_is_no_cause() -> None:
    assert found({}, own_reads=None) == []


EVERYTHING = Surroundings(
    window_ns=SECOND, io_stall_ns=SECOND, cpu_stall_ns=SECOND, memory_stall_ns=SECOND, steal_ns=SECOND,
    foreign_cpu_ns=3 * SECOND, foreign_read_bytes=PAYLOAD, written_bytes=PAYLOAD, gpu_processes=["python (pid 3)"],
    gpu_throttling=["power brake"], kernel_log=["nvme nvme0: I/O timeout"],
)  # fmt: skip
WARM = Case(loader="raw-read", checkpoint="c", cache="warm")


@given(tolerated=st.frozensets(st.sampled_from(CAUSES)))
def test_the_first_cause_that_is_not_tolerated_is_named(tolerated: frozenset[str]) -> None:
    named = disturbance(EVERYTHING, WARM, PAYLOAD, cpus=CPUS, storage_read_bytes=0, tolerated=tolerated)
    left = [cause for cause in TOLERABLE if cause not in tolerated]
    assert (named[0] if named else None) == (left[0] if left else None)
    if named:
        assert named[1].startswith(f"{named[0]}: ")
        assert "\n" not in named[1]


def test_every_cause_has_a_name_that_can_be_tolerated_but_the_cache() -> None:
    causes = [cause for cause, _ in disturbances(EVERYTHING, WARM, PAYLOAD, CPUS, 0)]
    assert tuple(dict.fromkeys(causes)) == TOLERABLE
    assert set(CAUSES) == {CACHE, *TOLERABLE}
    sentences = [sentence for _, sentence in disturbances(EVERYTHING, WARM, PAYLOAD, CPUS, 0)]
    assert "the hypervisor gave 25% of the CPU time to others" in sentences
    assert "others used 75% of the time of 4 CPUs" in sentences
