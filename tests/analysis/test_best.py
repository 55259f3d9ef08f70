"""The best observed case, and what is level with it."""

from loadbench.analysis.best import Contest, contests
from loadbench.analysis.summary import summarise
from loadbench.records import Record
from tests.builders import bad, case, run, series

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


def test_one_trial_each_tells_nothing_apart() -> None:
    [contest] = contest_of(series(FAST, 1), series(SLOW, 1000))
    assert [other.case for other in contest.best[0].level] == [SLOW]


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
