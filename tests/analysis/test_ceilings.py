"""What bounds a load, and what its time goes to."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.ceilings import (
    Bound,
    Bounds,
    CeilingCase,
    Ceilings,
    best_ceiling,
    bottleneck,
    median_ns,
    ns_per_byte,
    rates,
    thorough,
    too_fast,
)
from loadbench.analysis.measured import Measured, measure
from loadbench.records import Case, Ceiling, CeilingKind
from tests.builders import GPT2_BYTES, MS, case, ceiling, series

GPU = "cuda:0"


def measured(of: Case, *load_ms: float, path: str = "buffered", delivered: int | None = None) -> Measured:
    found = measure(series(of, *load_ms, path=("auto", path), delivered=delivered))
    assert found
    return found


def tried(of: Case, *load_ms: float, path: str = "buffered") -> CeilingCase:
    return CeilingCase(1, of, measured(of, *load_ms, path=path))


def stages(
    of: Case, probed: list[Ceiling], *more: CeilingCase, path: str = "buffered", delivered: int | None = None
) -> dict[str, float]:
    """The stages of a load of 1000 ms, in ms."""
    found = Ceilings(probed, more).bounds(of, measured(of, 1000, path=path, delivered=delivered))
    return {bound.stage: bound.ns / MS for bound in found.stages} if found else {}


def test_the_best_ceiling_has_the_smallest_median_time_per_byte() -> None:
    few_bytes = ceiling("storage", 100, 100, 100, size=GPT2_BYTES // 10)
    one_lucky_sample = ceiling("storage", 1, 300, 300)
    best = ceiling("storage", 200, 210, 190)
    probed = [few_bytes, one_lucky_sample, best, ceiling("page cache", 5)]
    assert best_ceiling(probed, "storage") is best
    assert best_ceiling(probed, "memory") is None
    assert median_ns(best) == 200 * MS
    assert ns_per_byte(best) == pytest.approx(200 * MS / GPT2_BYTES)
    assert rates(best) == pytest.approx((GPT2_BYTES / 0.2 / 1e9, GPT2_BYTES / 0.2 / 2**30))


def test_the_best_ceiling_of_one_checkpoint_or_device() -> None:
    here = ceiling("storage", 200)
    elsewhere = here.model_copy(update={"checkpoint": "llama", "samples_ns": [1]})
    assert best_ceiling([here, elsewhere], "storage") is elsewhere
    assert best_ceiling([here, elsewhere], "storage", "gpt2") is here
    assert best_ceiling([here, elsewhere], "storage", "other") is None
    link, other_link = ceiling("link, pinned", 9, device=GPU), ceiling("link, pinned", 1, device="cuda:1")
    assert best_ceiling([link, other_link], "link, pinned", device=GPU) is link


def test_a_ceiling_that_moved_nothing_or_took_no_time_is_none() -> None:
    assert best_ceiling([ceiling("storage", 5, size=0), ceiling("storage", 0)], "storage") is None


def test_a_setting_that_was_only_screened_is_not_the_best() -> None:
    """Of each search by itself: one of another session, or of another checkpoint, had other repetitions."""
    lucky, best = ceiling("storage", 90, 90), ceiling("storage", *[100] * 6)
    assert best_ceiling([lucky, best], "storage") is best
    resumed = ceiling("storage", 95, 95).model_copy(update={"session": 1})
    assert best_ceiling([lucky, best, resumed], "storage") is resumed
    elsewhere = ceiling("storage", 95, 95).model_copy(update={"checkpoint": "llama"})
    assert best_ceiling([lucky, best, elsewhere], "storage") is elsewhere
    assert best_ceiling([lucky, best, elsewhere], "storage", "gpt2") is best
    assert thorough([]) == []


@given(st.lists(st.tuples(st.sampled_from(get_args(CeilingKind)), st.integers(1, 999), st.integers(1, 10**9))))
def test_no_ceiling_of_the_kind_is_faster_than_the_best(found: list[tuple[CeilingKind, int, int]]) -> None:
    probed = [ceiling(kind, ms, size=size) for kind, ms, size in found]
    for kind in get_args(CeilingKind):
        best = best_ceiling(probed, kind)
        times = [ns_per_byte(one) for one in probed if one.kind == kind]
        assert (ns_per_byte(best) if best else None) == min(times, default=None)


PROBED = [
    ceiling("storage", 400),
    ceiling("page cache", 50),
    ceiling("memory", 30),
    ceiling("link, pinned", 20, device=GPU),
    ceiling("link, pageable", 10, device=GPU),
]


def test_a_cold_load_is_bounded_by_storage_and_a_warm_one_by_the_page_cache() -> None:
    assert stages(case(), PROBED) == {"storage": 400}
    assert stages(case(cache="warm"), PROBED) == {"page cache": 50}


@pytest.mark.parametrize(("path", "stage"), [("direct", "storage"), ("gds", "storage"), ("mmap", "page cache")])
def test_a_warm_load_past_the_page_cache_is_bounded_by_storage(path: str, stage: str) -> None:
    assert list(stages(case(cache="warm"), PROBED, path=path)) == [stage]


def test_a_warm_load_of_which_some_trials_used_the_page_cache_is_bounded_by_it() -> None:
    warm = case(cache="warm")
    records = series(warm, 1000, path=("auto", "direct")) + series(warm, 1000, path=("auto", "buffered"))
    both = measure([record.model_copy(update={"round": number}) for number, record in enumerate(records, 1)])
    assert both
    found = Ceilings(PROBED, []).bounds(warm, both)
    assert found
    assert found.lower.stage == "page cache"


def test_warm_pages_that_are_only_touched_are_not_bounded_by_a_copy() -> None:
    assert stages(case(cache="warm", contract="touched"), PROBED, path="mmap") == {}
    assert stages(case(contract="touched"), PROBED, path="mmap") == {"storage": 400}


def test_a_device_adds_its_link_pinned_where_that_was_measured() -> None:
    assert stages(case(device=GPU), PROBED) == {"storage": 400, "link": 20}
    assert stages(case(device=GPU), [one for one in PROBED if one.kind != "link, pinned"])["link"] == 10
    assert stages(case(device="cuda:1"), PROBED) == {}, "the link may be the slowest"
    assert stages(case(device=GPU), [one for one in PROBED if one.kind != "storage"]) == {}


def test_only_the_smaller_form_of_converted_tensors_must_cross_the_link() -> None:
    assert stages(case(device=GPU), PROBED, delivered=GPT2_BYTES // 2)["link"] == 10
    assert stages(case(device=GPU), PROBED, delivered=GPT2_BYTES * 2)["link"] == 20


def test_the_slowest_stage_is_the_bound_and_the_sum_is_without_overlap() -> None:
    bounds = Bounds((Bound("storage", 300), Bound("link", 500)))
    assert bounds.lower == Bound("link", 500)
    assert bounds.sum_ns == 800


def test_a_ceiling_is_scaled_to_the_bytes_of_the_case() -> None:
    assert stages(case(), [ceiling("storage", 40, size=GPT2_BYTES // 10)]) == {"storage": pytest.approx(400)}


def test_the_faster_of_probe_and_trials_is_the_bound() -> None:
    sentinel = case("raw-read", tunables={"io": "direct"})
    assert stages(case(), PROBED, tried(sentinel, 380, path="direct")) == {"storage": 380}
    assert stages(case(), PROBED, tried(sentinel, 420, path="direct")) == {"storage": 400}
    buffered = case("raw-read", cache="warm", tunables={"io": "buffered"})
    assert stages(case(cache="warm"), PROBED, tried(buffered, 40)) == {"page cache": 40}


def test_a_raw_read_past_the_page_cache_says_nothing_about_the_page_cache() -> None:
    warm_direct = tried(case("raw-read", cache="warm"), 300, path="direct")
    assert stages(case(cache="warm"), [], warm_direct) == {}
    assert stages(case(), [], warm_direct) == {"storage": 300}, "where nothing cold was read"
    assert stages(case(), [], warm_direct, tried(case("raw-read"), 350)) == {"storage": 350}


def test_another_checkpoint_is_no_ceiling_but_another_device_is_where_there_is_none_beside_it() -> None:
    assert stages(case(checkpoint="llama"), PROBED, tried(case("raw-read"), 5)) == {}
    on_gpu, on_cpu = tried(case("raw-read", device=GPU), 300), tried(case("raw-read"), 200)
    link = ceiling("link, pinned", 20, device=GPU)
    assert stages(case(device=GPU), [link], on_cpu) == {"storage": 200, "link": 20}
    assert stages(case(device=GPU), [link], on_cpu, on_gpu) == {"storage": 300, "link": 20}


def test_a_ceiling_beside_a_device_stays_in_host_memory() -> None:
    on_gpu = case("raw-read", device=GPU)
    assert stages(on_gpu, [], tried(on_gpu, 300)) == {"storage": 300}
    assert stages(on_gpu, PROBED, tried(on_gpu, 300)) == {"storage": 300}


def test_the_ceilings_of_any_checkpoint_by_time_per_byte() -> None:
    small = case("raw-read", checkpoint="small")
    of_small = measure(series(small, 100, payload=GPT2_BYTES // 4))
    assert of_small
    ceilings = Ceilings([ceiling("storage", 500)], [CeilingCase(1, small, of_small), tried(case("raw-read"), 300)])
    found = ceilings.bounds_of([("storage", GPT2_BYTES)], None, "cpu")
    assert found
    assert found.lower.ns / MS == 300
    assert ceilings.bounds_of([], None, "cpu") is None


@pytest.mark.parametrize(("load_ns", "found"), [(400, "storage"), (500, "storage"), (501, "loader")])
def test_the_bottleneck_is_the_slowest_stage_from_80_percent_on(load_ns: int, found: str) -> None:
    assert bottleneck(Bounds((Bound("storage", 400), Bound("link", 100))), load_ns) == found


@pytest.mark.parametrize(
    ("load_ms", "found"),
    [
        ((90, 91, 92, 93, 94, 95), True),
        ((90, 91, 92, 93, 94, 96), False),  # its interval reaches into the margin
        ((50, 50, 50, 50, 50, 101), False),  # a median far below, and an interval that is not
        ((95,), True),
        ((96,), False),
    ],
)
def test_too_fast_is_a_whole_interval_below_the_ceiling(load_ms: tuple[float, ...], found: bool) -> None:
    assert too_fast(measured(case(), *load_ms), Bounds((Bound("storage", 100 * MS),))) is found
