"""A document in the terminal. Wide terminals get whole tables; narrow ones get long text below the table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.tables import Block, Column, Table
from loadbench.report.terminal_table import Printed, row_lines, text_width
from loadbench.report.text import NO_FIGURE, visible

Rows = Sequence[tuple[str, ...]]
"""Cells as they are shown."""

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
        rows = [tuple(map(visible, row)) for row in table.rows]
        widths = _Widths.of(table, rows)
        shown = _columns_that_fit(table, widths, console.width)
        _print_rows(table, rows, widths, shown, console)
        below = [index for index, column in enumerate(table.columns) if column.narrow == "below" and index not in shown]
        if below:
            _print_below(table, rows, below, console)
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


@dataclass(frozen=True)
class _Widths:
    """Of each column in cells of the terminal."""

    smallest: tuple[int, ...]
    """With which it can be read."""
    wanted: tuple[int, ...]
    """With which it needs no second line."""

    @classmethod
    def of(cls, table: Table, rows: Rows) -> "_Widths":
        widest = [max(map(text_width, set(cells))) for cells in zip(*rows, strict=True)]
        smallest = [_smallest_width(column, its) for column, its in zip(table.columns, widest, strict=True)]
        names = [text_width(visible(column.name)) for column in table.columns]
        return cls(tuple(smallest), tuple(map(max, names, widest)))


def _columns_that_fit(table: Table, widths: _Widths, width: int) -> list[int]:
    """All columns if each long text gets a readable width, else those that stay where there is little room."""
    if sum(widths.smallest) + _GAP * (len(widths.smallest) - 1) <= width:
        return list(range(len(widths.smallest)))
    return [index for index, column in enumerate(table.columns) if column.narrow == "stays"]


def _smallest_width(column: Column, widest: int) -> int:
    heading = max((text_width(word) for word in visible(column.name).split()), default=0)
    return max(heading, min(widest, _LONG_TEXT) if column.narrow == "below" else widest)


def _print_rows(table: Table, rows: Rows, widths: _Widths, shown: Sequence[int], console: Console) -> None:
    whole = len(shown) == len(table.columns)
    most = _shared_out(widths, console.width) if whole else widths.smallest
    gap = _GAP if whole else 1
    if sum(most[index] for index in shown) + gap * (len(shown) - 1) > console.width:
        console.print(_rich_table(table, rows, most, shown))
        return
    picked = [most[index] for index in shown]
    aligns = [table.columns[index].align for index in shown]
    console.print(_rich_table(table, (), most, shown))
    lines = [
        f"{line}\n" for row in rows for line in row_lines([row[index] for index in shown], picked, aligns, gap, console)
    ]
    console.print(Printed([("".join(lines), None)]), end="")


def _rich_table(table: Table, rows: Rows, widths: Sequence[int], shown: Sequence[int]) -> RichTable:
    """Where there is little room, names may be broken over two lines, and the headings of figures, but no figure.

    Without rows only the head, in these widths.
    """
    gap = (0, _GAP - 1, 0, 0) if len(shown) == len(table.columns) else (0, 0)
    drawn = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=gap, header_style="bold")
    for index in shown:
        column, most = table.columns[index], widths[index]
        least = most if column.align == "right" or not rows else None
        drawn.add_column(_text(column.name), justify=column.align, overflow="fold", min_width=least, max_width=most)
    for row in rows:
        drawn.add_row(*(row[index] and Text(row[index]) for index in shown))
    return drawn


def _shared_out(widths: _Widths, width: int) -> list[int]:
    """The columns of a whole table: each gets its smallest width, and an equal part of the room left that it can use.

    The table library shrinks the widest column first, even below its smallest width, and then cuts the line.
    """
    found = list(widths.smallest)
    room = width - sum(found) - _GAP * (len(found) - 1)
    while room > 0 and found != list(widths.wanted):
        for index, wanted in enumerate(widths.wanted):
            if room > 0 and found[index] < wanted:
                found[index] += 1
                room -= 1
    return found


def _print_below(table: Table, rows: Rows, columns: Sequence[int], console: Console) -> None:
    """What has no room in the table, in a line for each row."""
    mark = "#" if table.columns[0].name.endswith("#") else ""
    pairs: list[tuple[str, str]] = []
    for row in rows:
        cells = [(_label(table.columns[index]), row[index]) for index in columns]
        parts = [f"{label}: {cell}" for label, cell in cells if cell not in ("", NO_FIGURE)]
        if parts:
            pairs.append((f"  {mark}{row[0]}", visible(" · ".join(parts))))
    if not pairs:
        return
    first = max(text_width(label) for label, _ in pairs)
    second = min(max(text_width(text) for _, text in pairs), console.width - first - 1)
    if second < first:
        lines = RichTable.grid(padding=(0, 1, 0, 0))
        lines.add_column(justify="right")
        lines.add_column(overflow="fold")
        for label, text in pairs:
            lines.add_row(Text(label, style="bold"), Text(text))
        console.print(lines)
        return
    bold = Style(bold=True)
    pieces: list[tuple[str, Style | None]] = []
    for label, text in pairs:
        shown, *more = row_lines([text], [second], ["left"], 0, console)
        (named,) = row_lines([label], [first], ["right"], 0, console)
        pieces += [(named, bold), (f" {shown}\n", None)]
        pieces += [(f"{' ' * first} {line}\n", None) for line in more]
    console.print(Printed(pieces), end="")


def _label(column: Column) -> str:
    """The heading inside a line: a word begins small, but `buffer=8M` stays as it is."""
    return column.name[:1].lower() + column.name[1:] if column.name[1:2].islower() else column.name


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
