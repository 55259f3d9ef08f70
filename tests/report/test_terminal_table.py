"""Headings and rows laid out here are the ones that the table library draws, where it has room."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from loadbench.report.terminal_table import _NARROW, Align, Printed, head_lines, row_lines, text_width
from loadbench.report.text import visible

words = st.sampled_from(
    ["a", "threads=8", "日本語", "–", "x" * 30, "12.34", "≈", "\x1b[0m", "  ", "e\u0301", "[bold]", "·", "y" * 50, " "]
)
cells = st.lists(words, max_size=6).map(" ".join)
aligns: st.SearchStrategy[Align] = st.sampled_from(["left", "right"])


@settings(deadline=None)
@given(st.lists(st.tuples(aligns, st.integers(7, 40), st.lists(cells, min_size=4, max_size=4)), min_size=1, max_size=5))
def test_they_are_the_same(columns: list[tuple[Align, int, list[str]]]) -> None:
    head, *rows = [list(map(visible, row)) for row in zip(*(texts for _, _, texts in columns), strict=True)]
    head = [name.strip() or "A heading of words" for name in head]
    rows.append(["x" * width for _, width, _ in columns])  # so that the library, too, uses each width
    drawn, laid_out = io.StringIO(), io.StringIO()
    table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name, (align, width, _) in zip(head, columns, strict=True):
        table.add_column(Text(name), justify=align, overflow="fold", min_width=width, max_width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(file=drawn, width=300).print(table)
    console = Console(file=laid_out, width=300)
    of = [width for _, width, _ in columns], [one for one, _, _ in columns], 2, console
    lines = [line for row in rows for line in row_lines(row, *of)]
    console.print(Printed([("".join(f"{line}\n" for line in [*head_lines(head, *of), *lines]), None)]), end="")
    expected = [line for line in drawn.getvalue().splitlines() if not line or set(line) != {"─"}]
    assert laid_out.getvalue().splitlines() == expected


@given(st.one_of(cells, st.text(st.characters(exclude_categories=["Cc", "Cs"]))))
def test_a_text_is_as_wide_as_the_library_says(text: str) -> None:
    assert text_width(text) == cell_len(text)


def test_narrow_characters_are_one_cell_wide() -> None:
    narrow = [chr(code) for code in range(0x3000) if _NARROW.fullmatch(chr(code))]
    assert {cell_len(char) for char in narrow} == {1}
