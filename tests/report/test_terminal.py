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
    named = printed(Table("t", (Column("Ceiling"), *figures, *below), (("storage", *"12345", "x=1"),)), 45)
    assert any("  storage settings: x=1" in line for line in named)


def test_sentences_stand_between_the_title_and_the_rows() -> None:
    lines = printed(Table("title", (Column("a"),), (("cell",),), ("foot",), ("A sentence.",)), 80)
    assert [line.strip() for line in lines if "─" not in line] == ["title", "A sentence.", "a", "cell", "foot"]


@pytest.mark.parametrize("width", range(30, 120, 3))
def test_no_figure_is_cut_where_not_even_the_columns_that_stay_have_room(width: int) -> None:
    """The last ones move below too: a share of 13 % must not read as 1."""
    columns = (
        Column("Test #", "right"),
        Column("Loader"),
        *(Column(f"Figure {number}", "right") for number in range(5)),
        Column("Cache"),
        Column("Of ceiling", "right"),
        Column("Of the title", narrow="in title"),
        Column("Settings", narrow="below"),
    )
    figures = ("0.111", "22.222", "3,333.333", "0.0444–0.0555", "66 %")
    lines = printed(
        Table("t", columns, (("7", "a-loader-of-a-long-name", *figures, "cold", "13 %", "", "x=1"),)), width
    )
    assert max(map(len, lines)) <= width
    text = " ".join("\n".join(lines).split())
    for cell in (*figures, "cold", "13 %", "x=1"):
        assert cell in text, lines


def test_what_is_wider_than_the_terminal_is_not_cut() -> None:
    name, figure = Column("A"), Column("B", "right")
    lines = printed(Table("t", (name, figure), (("a" * 50, "1" * 50),)), 20)
    assert sum(line.count("a") for line in lines) >= 50
    assert sum(line.count("1") for line in lines) == 50
    assert sum(line.count("1") for line in printed(Table("t", (figure,), (("1" * 50,),)), 20)) == 50
