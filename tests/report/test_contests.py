"""What is possible under a condition, what the fastest loader's time goes to, and how far the others are behind."""

from loadbench.records import Ceiling, Record
from tests.builders import bad, case, ceiling, series
from tests.report.reports import column, report, table

COLD, WARM = case(), case(cache="warm")
GPU = "cuda:0"


def sentence(*groups: list[Record], ceilings: list[Ceiling]) -> str:
    [found] = table(report(*groups, ceilings=ceilings), "Best observed").intro
    return found


def test_a_loader_at_the_ceiling_is_bounded_by_its_stage() -> None:
    assert sentence(series(COLD, *[240] * 6), ceilings=[ceiling("storage", 225)]) == (
        "Nothing faster than 0.225 s is possible here for these 548.1 MB (storage). "
        "Bottleneck of the fastest loader: storage (94 % of the ceiling)."
    )


def test_a_loader_far_from_the_ceiling_is_its_own_bottleneck() -> None:
    assert sentence(series(WARM, *[200] * 6), ceilings=[ceiling("page cache", 52)]) == (
        "Nothing faster than 0.0520 s is possible here for these 548.1 MB (page cache). "
        "Bottleneck of the fastest loader: loader (the fastest reaches 26 % of the page-cache ceiling)."
    )


def test_a_warm_loader_that_reads_from_storage_is_held_against_storage() -> None:
    ceilings = [ceiling("storage", 225), ceiling("page cache", 52)]
    direct = series(WARM, *[240] * 6, path=("auto", "direct"))
    found = report(direct, ceilings=ceilings)
    best = table(found, "Best observed")
    assert best.intro[0].startswith("Nothing faster than 0.0520 s is possible here for these 548.1 MB (page cache). ")
    assert "storage (94 % of the storage ceiling, which it reads at past the page cache)" in best.intro[0]
    assert column(best, "Of ceiling") == ["94 %§"]
    assert "§ of the storage ceiling, though warm: it reads past the page cache." in best.footnotes
    assert not any(
        "§" in text for text in column(table(report(series(COLD, 5), ceilings=ceilings), "Best"), "Of ceiling")
    )


def test_stages_that_can_overlap_are_also_added_up() -> None:
    ceilings = [ceiling("storage", 200), ceiling("link, pinned", 50, device=GPU)]
    text = sentence(series(case(device=GPU), *[240] * 6), ceilings=ceilings)
    assert text.startswith("Nothing faster than 0.200 s")
    assert "One stage after the other takes 0.250 s (0.200 s storage and 0.0500 s link)." in text


def test_without_a_ceiling_or_a_figure_nothing_is_said() -> None:
    assert table(report(series(COLD, 5)), "Best").intro == ()
    assert table(report([bad(COLD, 1, "failed", "x")], ceilings=[ceiling("storage", 1)]), "Best").intro == ()


def test_each_row_has_its_ratio_to_the_fastest() -> None:
    ordered = [series(case(f"loader-{n}"), *[100 * n] * 6) for n in (1, 2)]
    raw = series(case("raw-read"), *[50] * 6)
    best = table(report(*ordered, raw), "Best")
    assert list(zip(column(best, "Loader"), column(best, "× best"), strict=True)) == [
        ("raw-read (ceiling)", "–"),
        ("loader-1", "1.00"),
        ("loader-2", "2.00"),
    ]
    spread = series(case("loader-3"), 290, 300, 310, 295, 305, 300)
    assert column(table(report(ordered[0], spread), "Best"), "× best")[1] == "3.00 [2.90, 3.10]"


def test_what_was_not_tested_is_said() -> None:
    few = table(report(series(COLD, 1), series(case("safetensors-mmap"), 2)), "Best")
    assert "No test of what is level with the fastest: it has fewer than 6 trials." in few.footnotes
    assert not any("≈" in text for text in column(few, "Loader"))
    some = table(report(series(COLD, *[1] * 6), series(case("safetensors-mmap"), 2)), "Best")
    assert "Not tested, fewer than 6 trials: #2." in some.footnotes
    alone = table(report(series(COLD, 1)), "Best")
    assert not any("test" in note for note in alone.footnotes)
