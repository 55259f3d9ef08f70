"""What is said beside a case's figures."""

import pytest

from loadbench.analysis.notes import notes
from loadbench.analysis.summary import summarise
from loadbench.records import Record
from tests.builders import bad, case, ok, run, series

SIX = 5, 5, 5, 5, 5, 5
COLD = case()


def notes_of(records: list[Record], rounds: int = 6) -> str:
    cases = list({record.case.name: record.case for record in records}.values())
    return "; ".join(notes(summarise(run(cases, rounds), records)[0]))


def test_a_flawless_case_has_only_its_path_and_what_it_leaves_in_the_cache() -> None:
    assert notes_of(series(COLD, *SIX)) == "buffered; page cache left: 548.1 MB"
    assert notes_of(series(case(cache="warm"), *SIX)) == "buffered"
    assert notes_of(series(COLD, *SIX, path=("direct", "direct"))) == "O_DIRECT; page cache left: 0 B"


@pytest.mark.parametrize(
    ("records", "note"),
    [
        (series(COLD, 5, state="unknown"), "cache state not verified as cold"),
        ([ok(COLD, 1, 5).model_copy(update={"proof": None})], "bytes not verified"),
        ([ok(COLD, 1, 5, settings={"a": 1}), ok(COLD, 2, 5)], "settings in effect differ between trials: check"),
        (series(COLD, 5) + series(case("raw-read"), 6), "faster than the storage ceiling: not cold"),
        (series(COLD, 5, path=("gds", "buffered")), "buffered, not gds as asked"),
        (series(COLD, 5, path=("direct", "mmap")), "mmap, not direct as asked"),
        (series(COLD, 5, path=("gds", "unknown")), "I/O path not proved"),
        (series(case(contract="touched"), 5), "memory stays the file's: not owned"),
        (series(COLD, *SIX) + series(COLD, 5), "1 trial of a round that was recorded already: check"),
        (series(COLD, 1, 2, 3, 4, 5), "n < 6: too few for a 95 % interval"),
        (series(COLD, 5), "5 planned rounds not recorded"),
        (
            series(case(dtype="F16"), 5, delivered=274_045_440),
            "bandwidth counts the file's 548.1 MB; delivered as F16: 274.0 MB",
        ),
        ([bad(COLD, 1, "disturbed", "busy"), ok(COLD, 1, 5, attempt=2)], "1 trial repeated"),
        ([ok(COLD, 1, 5), bad(COLD, 2, "failed", "crash")], "not counted: 1 failed"),
        ([bad(COLD, 1, "failed", "crash"), bad(COLD, 2, "timeout", "")], "no figure: 1 failed, 1 timeout"),
    ],
)
def test_a_note_says_what_is_special(records: list[Record], note: str) -> None:
    assert note in notes_of(records)
    assert note not in notes_of(series(COLD, *SIX))


def test_a_loader_that_may_choose_its_path_took_one_of_them() -> None:
    assert notes_of(series(COLD, *SIX, path=("auto", "buffered"))).startswith("buffered; page")


def test_just_at_the_ceiling_is_no_doubt() -> None:
    raw = case("raw-read")
    assert "ceiling" not in notes_of(series(COLD, *[100] * 6) + series(raw, *[105] * 6))
    assert "ceiling" in notes_of(series(COLD, *[100] * 6) + series(raw, *[106] * 6))


def test_a_fast_median_alone_is_no_doubt() -> None:
    raw = case("raw-read")
    assert "ceiling" not in notes_of(series(COLD, 50, 50, 50, 50, 50, 100) + series(raw, *[100] * 6))


def test_a_warm_load_faster_than_its_ceiling_is_to_be_checked() -> None:
    warm, raw = case(cache="warm"), case("raw-read", cache="warm")
    assert "faster than the page cache ceiling: check" in notes_of(series(warm, 5) + series(raw, 6))


def test_a_certain_trend_is_unsteady() -> None:
    slower, faster = (100, 110, 120, 118, 130, 150), (150, 130, 118, 120, 110, 100)
    assert "UNSTEADY: 47 % slower at the end of the run [19 %, 82 %]" in notes_of(series(COLD, *slower))
    assert "UNSTEADY: 32 % faster at the end of the run [16 %, 45 %]" in notes_of(series(COLD, *faster))
    assert "UNSTEADY" not in notes_of(series(COLD, 100, 110, 102, 108, 104, 106))
    assert "UNSTEADY" not in notes_of(series(COLD, 100, 100.2, 100.4, 100.6, 100.8, 101)), "certain, but small"


def test_two_modes_are_shown_with_the_share_of_the_slow_one() -> None:
    text = notes_of(series(COLD, 200, 301, 201, 300, 202, 203, 204, 205, 206, 302), rounds=10)
    assert "two modes: 0.203 s and 0.301 s (30 % of the trials)" in text


def test_outliers_are_flagged_and_kept() -> None:
    text = notes_of(series(COLD, 100, 101, 102, 103, 104, 500))
    assert "1 outlier flagged (kept)" in text
    assert "not counted" not in text


def ladder_notes(*load_ms: float, sentinel: bool = False, ended: str = "") -> str:
    base = run([COLD])
    plan = base.plan.model_copy(
        update={"rounds": 9, "ladder": [6, 9], "precision": {"cold": 0.05}, "sentinels": [COLD] if sentinel else []}
    )
    sessions = [base.sessions[0].model_copy(update={"ended": ended})]
    made = base.model_copy(update={"plan": plan, "sessions": sessions})
    return "; ".join(notes(summarise(made, series(COLD, *load_ms))[0]))


def test_a_precision_that_was_not_reached_is_a_doubt_and_one_that_was_is_not() -> None:
    wide = 100, 110, 95, 102, 98, 105.02, 90, 101, 99  # the interval is from 95 to 105.02
    assert "±5.1 % after 9 rounds, 5 % wanted" in ladder_notes(*wide), "rounded up"
    assert "wanted" not in ladder_notes(99, 100, 101, 100, 100, 100)
    assert "wanted" not in ladder_notes(*wide, sentinel=True), "a sentinel does not stop for it"
    assert "wanted" not in ladder_notes(50, 100), "without an interval there is no width"


def test_rounds_are_missing_for_a_reason_where_the_run_says_one() -> None:
    assert "8 planned rounds not recorded: the time budget was up" in ladder_notes(100, ended="budget")
    assert "8 planned rounds not recorded" in ladder_notes(100)
    assert "budget" not in ladder_notes(100)
    assert "not recorded" not in ladder_notes(99, 100, 101, 100, 100, 100, ended="budget")


def test_imports_inside_the_clock_are_a_doubt() -> None:
    record = ok(COLD, 1, 5)
    assert record.timing
    slow = record.model_copy(update={"timing": record.timing.model_copy(update={"modules_imported": 40})})
    assert "imports 40 modules inside the clock" in notes_of([slow])


def test_a_case_that_was_not_tried_says_so() -> None:
    [summary] = summarise(run([COLD]), [])
    assert notes(summary) == ("not tried yet",)
