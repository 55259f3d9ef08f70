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
        (series(COLD, 5) + series(case("raw-read"), 6), "faster than the ceiling: check"),
        (series(COLD, 5, path=("gds", "buffered")), "buffered, not gds as asked"),
        (series(COLD, 5, path=("direct", "mmap")), "mmap, not direct as asked"),
        (series(COLD, 5, path=("gds", "unknown")), "I/O path not proved"),
        (series(case(contract="touched"), 5), "memory stays the file's: not owned"),
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
    assert "ceiling" not in notes_of(series(COLD, *[100] * 6) + series(raw, *[102] * 6))
    assert "ceiling" in notes_of(series(COLD, *[100] * 6) + series(raw, *[103] * 6))


def test_imports_inside_the_clock_are_a_doubt() -> None:
    record = ok(COLD, 1, 5)
    assert record.timing
    slow = record.model_copy(update={"timing": record.timing.model_copy(update={"modules_imported": 40})})
    assert "imports 40 modules inside the clock" in notes_of([slow])


def test_a_case_that_was_not_tried_says_so() -> None:
    [summary] = summarise(run([COLD]), [])
    assert notes(summary) == ("not tried yet",)
