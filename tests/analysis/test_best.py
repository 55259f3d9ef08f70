"""The best observed case, and which ones the run cannot tell from the fastest."""

from math import inf

import pytest

from loadbench.analysis.best import Contest, contests, possible
from loadbench.analysis.summary import summarise, summarise_run
from loadbench.records import Record
from tests.builders import bad, case, ceiling, run, series

FAST = case(tunables={"threads": 8})
NEAR = case(tunables={"threads": 16})
SLOW = case(tunables={"threads": 1})
MMAP = case("safetensors-mmap")
RAW = case("raw-read")


def contest_of(*groups: list[Record]) -> tuple[Contest, ...]:
    records = [record for group in groups for record in group]
    cases = list({record.case.name: record.case for record in records}.values())
    return contests(summarise(run(cases), records))


def test_best_is_the_smallest_median_and_names_its_equals() -> None:
    [contest] = contest_of(
        series(NEAR, 104, 105, 106, 107, 108, 109),
        series(FAST, 100, 101, 102, 103, 104, 105),
        series(SLOW, 200, 201, 202, 203, 204, 205),
    )
    [best] = contest.best
    assert best.summary.case == FAST
    assert best.cases == 3
    assert [other.case for other in best.level] == [NEAR]
    assert not best.level_with_fastest, "the fastest is not level with itself"


def test_a_case_is_in_the_top_set_by_a_test_and_not_by_overlapping_intervals() -> None:
    """All but one trial of the slow one are slower than all of the fast one: the intervals overlap all the same."""
    fast = 100, 101, 102, 103, 104, 150
    slow = 149, 160, 161, 162, 163, 164
    [contest] = contest_of(series(FAST, *fast), series(SLOW, *slow))
    overlap = [standing.measured.interval for standing in contest.standings]
    assert overlap[0].overlaps(overlap[1])
    assert [standing.in_top_set for standing in contest.standings] == [True, False]
    assert contest.tested == 2


def test_the_top_set_spans_loaders() -> None:
    [contest] = contest_of(
        series(FAST, 100, 101, 102, 103, 104, 105),
        series(MMAP, 101, 102, 103, 104, 105, 106),
        series(NEAR, 104, 105, 106, 107, 108, 109),
        series(SLOW, 200, 201, 202, 203, 204, 205),
    )
    assert [standing.summary.case for standing in contest.standings] == [FAST, MMAP, NEAR, SLOW]
    assert [standing.summary.case for standing in contest.top_set] == [FAST, MMAP, NEAR]
    assert contest.fastest
    assert contest.fastest.summary.case == FAST


def test_each_case_has_its_ratio_to_the_fastest() -> None:
    [contest] = contest_of(series(FAST, *[100] * 6), series(SLOW, *[150] * 6), series(RAW, *[50] * 6))
    ratios = [standing.times_best for standing in contest.standings]
    assert [(ratio.low, ratio.estimate, ratio.high) for ratio in ratios] == [
        (1, 1, 1),
        (pytest.approx(1.5), pytest.approx(1.5), pytest.approx(1.5)),
    ], "a ceiling is no contestant"


def test_with_fewer_than_6_trials_nothing_is_tested() -> None:
    [contest] = contest_of(series(FAST, 1), series(SLOW, *[1000] * 6))
    assert [standing.in_top_set for standing in contest.standings] == [None, None]
    assert (contest.tested, contest.top_set) == (0, ())
    ratio = contest.standings[1].times_best
    assert (ratio.low, ratio.estimate, ratio.high) == (0, 1000, inf)

    [contest] = contest_of(series(FAST, *[100] * 6), series(SLOW, *[1000] * 5), series(NEAR, *[101] * 6))
    assert [standing.in_top_set for standing in contest.standings] == [True, True, None]
    assert contest.tested == 2


def test_loaders_are_sorted_by_time_and_marked_where_level_with_the_fastest() -> None:
    fast = 100, 101, 102, 103, 104, 105
    [contest] = contest_of(
        series(case("runai-streamer"), 300, 300, 300, 300, 300, 300),
        series(MMAP, 101, 102, 103, 104, 105, 106),
        series(FAST, *fast),
        series(RAW, *fast),
    )
    assert [(b.summary.case.loader, b.level_with_fastest) for b in contest.best] == [
        ("fastsafetensors-nogds", False),
        ("raw-read", False),
        ("safetensors-mmap", True),
        ("runai-streamer", False),
    ]
    assert [best.standing is None for best in contest.best] == [False, True, False, False]


def test_what_is_possible_is_the_same_for_all_of_a_contest() -> None:
    """The fastest reads past the page cache; others need not."""
    warm = case(cache="warm")
    made = run([warm], ceilings=[ceiling("storage", 400), ceiling("page cache", 50)])
    summary = summarise_run(made, series(warm, 500, path=("auto", "direct")))
    [contest] = contests(summary.cases)
    bounds = possible(contest, summary.ceilings)
    assert bounds
    assert bounds.lower.stage == "page cache"
    assert summary.cases[0].bounds
    assert summary.cases[0].bounds.lower.stage == "storage"


def test_nothing_is_known_to_be_possible_without_a_figure_or_a_ceiling() -> None:
    for records in ([bad(FAST, 1, "failed", "crash")], series(FAST, 5)):
        summary = summarise_run(run([FAST]), records)
        [contest] = contests(summary.cases)
        assert possible(contest, summary.ceilings) is None


def test_different_conditions_are_never_in_one_contest() -> None:
    others = [
        case(cache="warm"),
        case(device="cuda:0"),
        case(contract="stream"),
        case(dtype="F16"),
        case(checkpoint="llama"),
    ]
    found = contest_of(series(FAST, 5), *(series(other, 1) for other in others))
    assert len(found) == 6
    assert all(len(contest.best) == 1 for contest in found)


def test_a_loader_without_a_figure_is_named() -> None:
    [contest] = contest_of(series(FAST, 5), [bad(MMAP, 1, "failed", "crash")])
    assert [summary.case for summary in contest.without] == [MMAP]
