"""The lines of a table in the terminal.

They are laid out here: rich takes half a millisecond for each row, and cuts figures where there is too little room.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

Align = Literal["left", "right"]


class Printed:
    """Pieces of text, each with its style, that are printed as they stand."""

    def __init__(self, pieces: Iterable[tuple[str, Style | None]]) -> None:
        self._pieces = list(pieces)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style in self._pieces:
            yield Segment(text, style)


def row_lines(
    cells: Sequence[str], widths: Sequence[int], aligns: Sequence[Align], gap: int, console: Console
) -> list[str]:
    """A row as lines: cells that are too wide are folded, all are filled up with blanks."""
    if all(cell.isascii() and len(cell) <= width for cell, width in zip(cells, widths, strict=True)):
        filled = [
            cell.ljust(width) if align == "left" else cell.rstrip().rjust(width)
            for cell, width, align in zip(cells, widths, aligns, strict=True)
        ]
        return [(" " * gap).join(filled)]
    folded = [_folded(cell, width, console) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, folded))
    return [
        (" " * gap).join(
            _filled(lines[number] if number < len(lines) else "", width, align)
            for lines, width, align in zip(folded, widths, aligns, strict=True)
        )
        for number in range(height)
    ]


def head_lines(
    names: Sequence[str], widths: Sequence[int], aligns: Sequence[Align], gap: int, console: Console
) -> list[str]:
    """The headings as lines, of which the last stands right above the rows."""
    folded = [_folded(name, width, console) for name, width in zip(names, widths, strict=True)]
    height = max(map(len, folded))
    return [
        (" " * gap).join(
            _filled(lines[number - height + len(lines)] if number >= height - len(lines) else "", width, align)
            for lines, width, align in zip(folded, widths, aligns, strict=True)
        )
        for number in range(height)
    ]


def _folded(cell: str, width: int, console: Console) -> list[str]:
    if cell_len(cell) <= width:
        return [cell]
    return [line.plain for line in Text(cell).wrap(console, width, overflow="fold")] or [""]


def _filled(line: str, width: int, align: Align) -> str:
    if align == "left":
        return set_cell_size(line, width)
    line = line.rstrip()
    return " " * (width - cell_len(line)) + line
