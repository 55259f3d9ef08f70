"""What becomes of a table when the terminal is narrow: no character is lost."""

import io

import pytest
from rich.console import Console

from loadbench.report.tables import Column, Table
from loadbench.report.terminal import _print_table


def printed(table: Table, width: int) -> list[str]:
    file = io.StringIO()
    _print_table(table, Console(file=file, width=width))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", range(60, 150))
def test_no_cell_is_cut_at_any_width(width: int) -> None:
    """Around the width where the long texts move below the table, room is scarce."""
    columns = (
        Column("Test #", "right"),
        Column("A rather long heading", "right"),
        Column("Another long heading (s)", "right"),
        Column("Config", narrow="below"),
        Column("Notes", narrow="below"),
    )
    rows = (
        ("1", "0.123", "0.100–0.200", "c" * 24, "n" * 24),
        ("2", "9", "10.0–20.0", "", "short words in a note " * 3),
    )
    lines = printed(Table("title", columns, rows), width)
    assert all(len(line) <= width for line in lines)
    assert any("n" * 24 in line for line in lines)
    assert any("c" * 24 in line for line in lines)
    assert sum(line.count("words") for line in lines) == 3


def test_headings_and_texts_take_the_room_there_is() -> None:
    columns = (Column("A heading", "right"), Column("Note", narrow="below"))
    _, heading, _, row = printed(Table("t", columns, (("1", "short words " * 9),)), 140)
    assert heading.split() == ["A", "heading", "Note"]
    assert row.split() == ["1", *["short", "words"] * 9]


def test_a_row_is_named_as_its_first_column_says() -> None:
    below = (Column("Settings", narrow="below"),)
    figures = tuple(Column("figure " * 5, "right") for _ in range(5))
    numbered = printed(Table("t", (Column("Test #"), *figures, *below), (("7", *"12345", "x=1"),)), 40)
    assert any("#7 settings: x=1" in line for line in numbered)
    named = printed(Table("t", (Column("Ceiling"), *figures, *below), (("storage", *"12345", "x=1"),)), 40)
    assert any("  storage settings: x=1" in line for line in named)


def test_sentences_stand_between_the_title_and_the_rows() -> None:
    lines = printed(Table("title", (Column("a"),), (("cell",),), ("foot",), ("A sentence.",)), 80)
    assert [line.strip() for line in lines if "─" not in line] == ["title", "A sentence.", "a", "cell", "foot"]
