"""A document in the terminal. Wide terminals get whole tables; narrow ones get long text below the table."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.tables import Block, Column, Table
from loadbench.report.text import NO_FIGURE, visible

_GAP = 2
"""Blanks between two columns; one where there is little room."""
_LONG_TEXT = 24
"""A column of long text narrower than this is not worth reading in the table."""


class _Console(Console):
    """A console that leaves a closed pipe to the command line, as every other output does."""

    def on_broken_pipe(self) -> None:
        raise  # rich calls this while it handles the BrokenPipeError


def print_documents(documents: Iterable[Document], file: TextIO) -> None:
    """Print to a terminal or a file: in colour only to a terminal, and not where NO_COLOR is set."""
    console = _Console(file=file)
    for index, document in enumerate(documents):
        if index:
            console.print()
            console.rule()
            console.print()
        print_document(document, console)


def print_document(document: Document, console: Console) -> None:
    """Print the document. Foreign text is never taken for markup or for a control sequence."""
    console.print(_text(document.title, "bold"))
    for warning in document.warnings:
        console.print(_pair("Warning:", warning, "bold yellow"))
    console.print()
    _print_facts(document.facts, console)
    for table in document.tables:
        console.print()
        _print_table(table, console)
    if document.reading:
        console.print()
        console.print(_text("How to read this", "bold"))
        _print_facts(document.reading, console)
    if document.commands or document.repeat:
        console.print()
        console.print(_text("How to repeat it", "bold"))
    for command in document.commands:
        console.print(_text(f"$ {command}"), soft_wrap=True)
    _print_facts(document.repeat, console)


def _print_table(table: Table, console: Console) -> None:
    console.print(_text(table.title, "bold"))
    for sentence in table.intro:
        console.print(_text(sentence))
    if table.rows:
        shown = _columns_that_fit(table, console.width)
        console.print(_rich_table(table, shown, console.width))
        below = [index for index, column in enumerate(table.columns) if column.narrow == "below" and index not in shown]
        if below:
            console.print(_lines_below(table, below))
    for footnote in table.footnotes:
        console.print(Padding(_text(footnote, "dim"), (0, 0, 0, 2)))
    for block in table.blocks:
        _print_block(block, console)


def _print_block(block: Block, console: Console) -> None:
    """The lines stand at the margin and are never wrapped, so that they can be copied as they are."""
    console.print()
    console.print(_text(block.title, "bold"))
    for note in block.notes:
        console.print(Padding(_text(note, "dim"), (0, 0, 0, 2)))
    if block.lines:
        console.print()
    for line in block.lines:
        console.print(_text(line), soft_wrap=True)


def _columns_that_fit(table: Table, width: int) -> list[int]:
    """All columns if each long text gets a readable width, else those that stay where there is little room."""
    widths = [_smallest_width(table, index) for index in range(len(table.columns))]
    if sum(widths) + _GAP * (len(widths) - 1) <= width:
        return list(range(len(widths)))
    return [index for index, column in enumerate(table.columns) if column.narrow == "stays"]


def _smallest_width(table: Table, index: int) -> int:
    column = table.columns[index]
    widest = max(cell_len(visible(row[index])) for row in table.rows)
    heading = max((cell_len(word) for word in visible(column.name).split()), default=0)
    return max(heading, min(widest, _LONG_TEXT) if column.narrow == "below" else widest)


def _rich_table(table: Table, shown: Sequence[int], width: int) -> RichTable:
    whole = len(shown) == len(table.columns)
    gap = (0, _GAP - 1, 0, 0) if whole else (0, 0)
    drawn = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=gap, header_style="bold")
    wide = _widths(table, width) if whole else []
    for index in shown:
        column = table.columns[index]
        most = wide[index] if whole else _smallest_width(table, index)
        # Where there is little room names may be broken over two lines, and the headings of figures, but no figure.
        least = most if column.align == "right" else None
        drawn.add_column(_text(column.name), justify=column.align, overflow="fold", min_width=least, max_width=most)
    for row in table.rows:
        drawn.add_row(*(_text(row[index]) for index in shown))
    return drawn


def _widths(table: Table, width: int) -> list[int]:
    """The columns of a whole table: each gets its smallest width, and an equal part of the room left that it can use.

    The table library shrinks the widest column first, even below its smallest width, and then cuts the line.
    """
    columns = range(len(table.columns))
    widths = [_smallest_width(table, index) for index in columns]
    texts = [(table.columns[index].name, *(row[index] for row in table.rows)) for index in columns]
    wanted = [max(cell_len(visible(text)) for text in column) for column in texts]
    room = width - sum(widths) - _GAP * (len(widths) - 1)
    while room > 0 and widths != wanted:
        for index in columns:
            if room > 0 and widths[index] < wanted[index]:
                widths[index] += 1
                room -= 1
    return widths


def _lines_below(table: Table, columns: Sequence[int]) -> RichTable:
    lines = RichTable.grid(padding=(0, 1, 0, 0))
    lines.add_column(justify="right")
    lines.add_column(overflow="fold")
    mark = "#" if table.columns[0].name.endswith("#") else ""
    for row in table.rows:
        cells = [(_label(table.columns[index]), row[index]) for index in columns]
        parts = [f"{label}: {cell}" for label, cell in cells if cell not in ("", NO_FIGURE)]
        if parts:
            lines.add_row(_text(f"  {mark}{row[0]}", "bold"), _text(" · ".join(parts)))
    return lines


def _label(column: Column) -> str:
    return column.name.lower()


def _print_facts(facts: Iterable[Fact], console: Console) -> None:
    for label, text in facts:
        console.print(_pair(f"{label}:", text, "bold"))


def _pair(label: str, text: str, style: str) -> RichTable:
    """A label and its text, which wraps beside it."""
    pair = RichTable.grid(padding=(0, 1, 0, 0))
    pair.add_column(no_wrap=len(label) < _LONG_TEXT)
    pair.add_column(overflow="fold")
    pair.add_row(_text(label, style), _text(text))
    return pair


def _text(text: str, style: str = "") -> Text:
    return Text(visible(text), style=style)
