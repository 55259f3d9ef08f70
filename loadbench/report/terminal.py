"""A document in the terminal. Wide terminals get whole tables; narrow ones get long text below the table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.tables import Block, Column, Table
from loadbench.report.terminal_table import Align, Printed, head_lines, row_lines, text_width
from loadbench.report.text import NO_FIGURE, visible

Rows = Sequence[tuple[str, ...]]
"""Cells as they are shown."""

_GAP = 2
"""Blanks between two columns; one where there is little room."""
_LONG_TEXT = 24
"""A column of long text narrower than this is not worth reading in the table."""
_NAME = 16
"""A column of names is not made narrower than this to keep another one in the table."""


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
        layout = _Layout.of(table, rows, console.width)
        _print_rows(table, rows, layout, console)
        below = [
            index
            for index, column in enumerate(table.columns)
            if column.narrow != "in title" and index not in layout.columns
        ]
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
class _Layout:
    """Which columns stand in the table, and how wide, in cells of the terminal."""

    columns: list[int]
    widths: list[int]
    gap: int

    @classmethod
    def of(cls, table: Table, rows: Rows, width: int) -> "_Layout":
        """All columns if each long text gets a readable width, else those that stay where there is little room."""
        widest = [max(map(text_width, set(cells))) for cells in zip(*rows, strict=True)]
        smallest = [_smallest_width(column, its) for column, its in zip(table.columns, widest, strict=True)]
        everything = list(range(len(smallest)))
        if _total(smallest, _GAP) <= width:
            names = (text_width(visible(column.name)) for column in table.columns)
            return cls(everything, _shared_out(smallest, list(map(max, names, widest)), width), _GAP)
        return _narrow(table, smallest, width)


def _narrow(table: Table, smallest: Sequence[int], width: int) -> _Layout:
    """Names are broken over several lines, and where that is not enough the last columns go. No figure is ever cut."""
    shown = [index for index, column in enumerate(table.columns) if column.narrow == "stays"]
    least = [
        min(one, _NAME) if column.align == "left" else one for column, one in zip(table.columns, smallest, strict=True)
    ]
    while len(shown) > 1 and _total([least[index] for index in shown], 1) > width:
        shown.pop()
    found = [smallest[index] for index in shown]
    while _total(found, 1) > width:
        spare = [size - least[index] for size, index in zip(found, shown, strict=True)]
        if max(spare) <= 0:
            break  # one figure that is wider than the terminal, which breaks the line
        found[spare.index(max(spare))] -= 1
    return _Layout(shown, found, 1)


def _total(widths: Sequence[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1)


def _smallest_width(column: Column, widest: int) -> int:
    """With which a column can be read: no word of the heading is broken, and no figure."""
    heading = max((text_width(word) for word in visible(column.name).split()), default=0)
    return max(heading, min(widest, _LONG_TEXT) if column.narrow == "below" else widest)


def _shared_out(smallest: Sequence[int], wanted: Sequence[int], width: int) -> list[int]:
    """Each column of a whole table gets its smallest width, and an equal part of the room left that it can use."""
    found = list(smallest)
    room = width - _total(found, _GAP)
    while room > 0 and found != list(wanted):
        for index, most in enumerate(wanted):
            if room > 0 and found[index] < most:
                found[index] += 1
                room -= 1
    return found


def _print_rows(table: Table, rows: Rows, layout: "_Layout", console: Console) -> None:
    shown = layout.columns
    aligns: list[Align] = [table.columns[index].align for index in shown]
    headings = [visible(table.columns[index].name) for index in shown]
    head = head_lines(headings, layout.widths, aligns, layout.gap, console)
    lines = [
        f"{line}\n"
        for row in rows
        for line in row_lines([row[index] for index in shown], layout.widths, aligns, layout.gap, console)
    ]
    rule = "─" * text_width(head[0])
    console.print(
        Printed([*((line + "\n", Style(bold=True)) for line in head), (f"{rule}\n", None), ("".join(lines), None)]),
        end="",
        crop=False,
    )


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
