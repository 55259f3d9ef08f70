"""The lines of a table in the terminal.

They are laid out here: rich takes half a millisecond for each row, and cuts figures where there is too little room.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

Align = Literal["left", "right"]

_NARROW = re.compile(r"[ -~§±·×–†‡…≈≤≥]*")
"""Text whose characters are all one cell wide; for any other the table library is asked, which takes longer."""
_WORD = re.compile(r" *[^ ]+ *")


class Printed:
    """Pieces of text, each with its style, that are printed as they stand."""

    def __init__(self, pieces: Iterable[tuple[str, Style | None]]) -> None:
        self._pieces = list(pieces)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style in self._pieces:
            yield Segment(text, style)


def text_width(text: str) -> int:
    """How many cells of the terminal a text takes."""
    return len(text) if _NARROW.fullmatch(text) else cell_len(text)


def row_lines(
    cells: Sequence[str], widths: Sequence[int], aligns: Sequence[Align], gap: int, console: Console
) -> list[str]:
    """A row as lines: cells that are too wide are folded, all are filled up with blanks."""
    if all(len(cell) <= width and _NARROW.fullmatch(cell) for cell, width in zip(cells, widths, strict=True)):
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
    if text_width(cell) <= width:
        return [cell]
    if _NARROW.fullmatch(cell):
        return _folded_narrow(cell, width)
    return [line.plain for line in Text(cell).wrap(console, width, overflow="fold")] or [""]


def _folded_narrow(cell: str, width: int) -> list[str]:
    """The lines that the table library makes of a text: broken before words, and within those wider than a line."""
    breaks = [0]
    filled = 0
    for found in _WORD.finditer(cell):
        word, at = found[0], found.start()
        needed = len(word.rstrip())
        if filled + needed <= width:
            filled += len(word)
            continue
        breaks.append(at)
        filled = len(word)
        if needed > width:
            breaks += range(at + width, found.end(), width)
            filled = (len(word) - 1) % width + 1
    return [cell[start:end][:width] for start, end in pairwise([*dict.fromkeys(breaks), len(cell)])]


def _filled(line: str, width: int, align: Align) -> str:
    if align == "left":
        return line.ljust(width) if _NARROW.fullmatch(line) else set_cell_size(line, width)
    line = line.rstrip()
    return " " * (width - text_width(line)) + line
