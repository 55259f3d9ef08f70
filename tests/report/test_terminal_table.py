"""Rows laid out here are the ones that the table library draws."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from loadbench.report.tables import Column, Table
from loadbench.report.terminal import _rich_table
from loadbench.report.terminal_table import _NARROW, Align, Printed, row_lines, text_width
from loadbench.report.text import visible

words = st.sampled_from(
    ["a", "threads=8", "日本語", "–", "x" * 30, "12.34", "≈", "\x1b[0m", "  ", "e\u0301", "[bold]", "·", "y" * 50, " "]
)
cells = st.lists(words, max_size=6).map(" ".join)
aligns: st.SearchStrategy[Align] = st.sampled_from(["left", "right"])


@settings(deadline=None)
@given(st.lists(st.tuples(aligns, st.integers(7, 40), st.lists(cells, min_size=3, max_size=3)), min_size=1, max_size=5))
def test_they_are_the_same(columns: list[tuple[Align, int, list[str]]]) -> None:
    rows = [tuple(map(visible, row)) for row in zip(*(texts for _, _, texts in columns), strict=True)]
    table = Table("T", tuple(Column("A heading of words", align) for align, _, _ in columns), tuple(rows))
    widths = [width for _, width, _ in columns]
    shown = range(len(columns))
    drawn, laid_out = io.StringIO(), io.StringIO()
    full = [*rows, tuple("x" * width for width in widths)]  # so that the library, too, uses each width
    Console(file=drawn, width=300).print(_rich_table(table, full, widths, shown))
    console = Console(file=laid_out, width=300)
    console.print(_rich_table(table, (), widths, shown))
    lines = [line for row in full for line in row_lines(row, widths, [one for one, _, _ in columns], 2, console)]
    console.print(Printed([("".join(f"{line}\n" for line in lines), None)]), end="")
    assert laid_out.getvalue() == drawn.getvalue()


@given(st.one_of(cells, st.text(st.characters(exclude_categories=["Cc", "Cs"]))))
def test_a_text_is_as_wide_as_the_library_says(text: str) -> None:
    assert text_width(text) == cell_len(text)


def test_narrow_characters_are_one_cell_wide() -> None:
    narrow = [chr(code) for code in range(0x3000) if _NARROW.fullmatch(chr(code))]
    assert {cell_len(char) for char in narrow} == {1}
