"""Cells, tables and texts one by one."""

from math import inf

import pytest

from loadbench.analysis.ratio import Ratio
from loadbench.records import Record, Session, Status
from loadbench.report.document import Document, document
from loadbench.report.findings import find
from loadbench.report.tables import Column, Table
from loadbench.report.text import rate, seconds, seconds_range, times, value_text
from tests.builders import bad, case, example, ok, run, series, stored


def table(of: Document, title: str) -> Table:
    return next(table for table in of.tables if table.title.startswith(title))


def cell(of: Table, row: int, column: str) -> str:
    return of.rows[row][[c.name for c in of.columns].index(column)]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (268_400_000, "0.268"),
        (14_340_000_000, "14.34"),
        (486_040_000_000, "486.0"),
        (100_000_000, "0.100"),
        (60_120_000, "0.0601"),
        (1_234_000, "0.00123"),
        (5_000, "0.000005"),
    ],
)
def test_seconds(nanoseconds: int, text: str) -> None:
    assert seconds(nanoseconds) == text


def test_a_range_has_the_decimals_that_its_small_end_needs() -> None:
    assert seconds_range(95_000_000, 105_000_000) == "0.0950–0.1050"


@pytest.mark.parametrize(("value", "text"), [(2.0466, "2.05"), (0.0123, "0.0123"), (45.678, "45.68"), (1234.5, "1234")])
def test_rate(value: float, text: str) -> None:
    assert rate(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(8 * 2**20, "bytes", "8M"), (1001, "bytes", "1001"), (16, "", "16"), (True, "", "true"), (None, "", "default")],
)
def test_value_text(value: int | None, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(Ratio(1.123, 1.05, 1.209), "1.12 [1.05, 1.21]"), (Ratio(1, 1, 1), "1.00"), (Ratio(1.5, 0, inf), "1.50")],
)
def test_times(ratio: Ratio, text: str) -> None:
    assert times(ratio) == text


def test_each_loader_has_a_table_for_each_checkpoint() -> None:
    here, there = case(), case(checkpoint="llama")
    found = document(find(stored(run([here, there]), series(here, 5) + series(there, 6))))
    assert [t.title for t in found.tables][2:] == ["fastsafetensors-nogds: gpt2", "fastsafetensors-nogds: llama"]


def test_the_published_figures_come_out_in_true_units() -> None:
    """The MI300X tables print 2.62 GB/s for 0.195 s; the bytes make that 2.62 GiB/s, which is 2.81 GB/s."""
    found = document(find(stored(run([case()]), series(case(), 195))))
    assert cell(table(found, "fastsafetensors-nogds"), 0, "GB/s") == "2.81"
    assert cell(table(found, "fastsafetensors-nogds"), 0, "GiB/s") == "2.62"
    assert cell(table(found, "fastsafetensors-nogds"), 0, "Elapsed (s)") == "0.195"


def test_a_setting_is_as_set_as_used_by_default_or_not_there() -> None:
    swept = [case(tunables={"threads": 8}), case(tunables={"threads": 16})]
    records = [
        ok(swept[0], 1, 5, settings={"threads": 8, "block": 2**19, "copier": "x"}),
        ok(swept[1], 1, 5, settings={"threads": 16, "block": 2**18, "copier": "x"}),
    ]
    rows = table(document(find(stored(run(swept), records))), "fastsafetensors-nogds")
    assert [cell(rows, row, "Threads") for row in (0, 1)] == ["8", "16"]
    assert cell(rows, 0, "Buffer") == "16M‡"
    assert [cell(rows, row, "Config") for row in (0, 1)] == ["block=512K‡", "block=256K‡"]
    assert any(note.startswith("‡") for note in rows.footnotes)
    assert "In effect in every case: copier=x" in rows.footnotes, "said once, not in each row"

    used = document(find(stored(run([case()]), [ok(case(), 1, 5, settings={"threads": 4})])))
    assert cell(table(used, "fastsafetensors-nogds"), 0, "Threads") == "4‡"

    mmap = case("safetensors-mmap")
    without = table(document(find(stored(run([mmap]), series(mmap, 5)))), "safetensors-mmap")
    assert (cell(without, 0, "Threads"), cell(without, 0, "Buffer")) == ("N/A", "N/A")
    assert not any(note.startswith("‡") for note in without.footnotes)


def test_unusual_conditions_are_in_config() -> None:
    odd = case("runai-streamer", device="cuda:0", contract="stream", dtype="F16", tunables={"concurrency": 4})
    found = document(find(stored(run([odd]), series(odd, 5))))
    config = cell(table(found, "runai-streamer"), 0, "Config")
    assert config == "device=cuda:0 contract=stream dtype=F16 concurrency=4"


def test_every_trial_that_does_not_count_is_listed() -> None:
    of = case()
    statuses: tuple[Status, ...] = ("failed", "timeout", "skipped", "disturbed", "invalid")
    records = [bad(of, 1, status, f"reason {status}") for status in statuses]
    rows = table(document(find(stored(run([of]), records))), "Not counted").rows
    assert [(row[1], row[-1]) for row in rows] == [(status, f"reason {status}") for status in statuses]


def test_a_run_of_failures_has_tables_without_figures_and_says_so() -> None:
    found = document(find(stored(run([case()]), [bad(case(), 1, "failed", "crash")])))
    assert "no trial counts: see Not counted" in found.warnings
    assert table(found, "Best observed").rows == ()
    assert table(found, "Best observed").footnotes == ("No figure: fastsafetensors-nogds (1 failed).",)
    assert cell(table(found, "fastsafetensors-nogds"), 0, "Notes").startswith("no figure: 1 failed")


def test_ties_are_marked_and_never_crowned() -> None:
    one, other = case(), case("safetensors-mmap")
    level = 100, 101, 102, 103, 104, 105
    best = table(document(find(stored(run([one, other]), series(one, *level) + series(other, *level)))), "Best")
    assert [cell(best, row, "Loader") for row in (0, 1)] == ["≈ fastsafetensors-nogds", "≈ safetensors-mmap"]
    assert "≈ not told apart from the best (Holm over 2 cases, margin 2 %)." in best.footnotes


@pytest.mark.parametrize(
    ("records", "warning"),
    [
        ([bad(case(), 1, "invalid", "wrong")], "fastsafetensors-nogds delivered wrong bytes in 1 trial: they have"),
        ([ok(case(), 1, 5, state="partial")], "the cache state was not verified in 1 case"),
        ([ok(case(), 1, 5).model_copy(update={"proof": None})], "the bytes were not verified in 1 case"),
        (series(case(), 100, 110, 120, 118, 130, 150), "1 of 1 case UNSTEADY over the run: see the notes"),
        (series(case(), 5), "the run is not complete: 5 planned trials not recorded"),
        ([], "no trial has been recorded yet"),
        (series(case(), 5) + series(case("raw-read"), 6), "the load is faster than its ceiling in 1 case"),
    ],
)
def test_what_puts_a_run_in_doubt_is_said_first(records: list[Record], warning: str) -> None:
    found = document(find(stored(run([case()]), records, "read with care")))
    assert found.warnings[0] == "read with care"
    assert any(text.startswith(warning) for text in found.warnings)


def test_an_inconclusive_run_says_so_before_anything_else() -> None:
    records = [bad(case(), 1, "disturbed", "cpu: busy"), ok(case(), 1, 5, attempt=2)]
    found = document(find(stored(run([case()]), records, "read with care")))
    assert found.warnings[:2] == ("INCONCLUSIVE: 1 of 2 trials were disturbed (1 × cpu)", "read with care")


def test_a_flawless_run_has_no_warning() -> None:
    assert document(find(stored(run([case()]), series(case(), 5, 6, 5, 6, 5, 6)))).warnings == ()


def test_sessions_and_their_commands_are_all_named() -> None:
    first = run([case()]).sessions[0]
    second = Session(started_at="2026-02-03T00:00:00Z", command=["loadbench", "sweep", "--resume"], environment={})
    found = document(find(stored(run([case()], sessions=[first, second, second]), [])))
    assert dict(found.facts)["Date"] == "2026-01-02T03:04:05Z, resumed 2 ×, last 2026-02-03T00:00:00Z"
    assert found.commands == ("loadbench sweep 'models/gpt2 copy' --threads 8,16", "loadbench sweep --resume")


def test_an_environment_with_nothing_known_leaves_lines_out() -> None:
    bare = Session(started_at="2026-01-02T03:04:05Z", command=[], environment={})
    found = document(find(stored(run([case()], sessions=[bare]), [])))
    assert [label for label, _ in found.facts] == ["Date", "Checkpoint gpt2", "Versions"]
    assert found.commands == ()


def test_only_contracts_in_the_run_are_explained() -> None:
    labels = [label for label, _ in document(find(example())).reading]
    assert "owned" in labels
    assert "touched" not in labels


def test_a_row_must_fill_its_table() -> None:
    with pytest.raises(ValueError, match="1 cells in a row of 2"):
        Table("t", (Column("a"), Column("b")), (("x",),))
