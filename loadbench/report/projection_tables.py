"""A grid of cases as a table: for each column a time with its interval, and the ratio to the first column."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from string import ascii_uppercase

from loadbench.analysis.keys import CONDITIONS, NOT_APPLICABLE
from loadbench.analysis.layout import TUNABLES, Place
from loadbench.analysis.projection import Grid
from loadbench.analysis.projection_cells import Cell
from loadbench.report.cells import USUAL
from loadbench.report.projection_words import (
    LEVEL,
    UNLIKE,
    confounded_text,
    footnotes,
    marks,
    place_text,
    shown_value,
    why_none,
)
from loadbench.report.tables import Column, Table, without_empty_columns
from loadbench.report.text import NO_FIGURE, seconds, seconds_range, short, times, visible

_LONGEST_HEADING = 16
"""A column whose values are longer gets a letter, which is explained above the table."""
_BESIDE = 5
"""So many columns stand beside the first in one table, at the most."""
_BELOW = 2
"""With more columns than this, intervals and ratios move below the table where there is little room."""


def projection_tables(grids: Iterable[Grid]) -> tuple[Table, ...]:
    """The tables of all grids; a grid of many columns gives several, each with the first column as well."""
    return tuple(
        _table(grid, columns, dict(zip(grid.columns, _heads(grid), strict=True)))
        for grid in grids
        for columns in _parts(grid.columns)
    )


def _parts(columns: Sequence[Place]) -> Iterable[Sequence[Place]]:
    first, others = columns[:1], columns[1:]
    for start in range(0, max(1, len(others)), _BESIDE):
        yield (*first, *others[start : start + _BESIDE])


def _heads(grid: Grid) -> list[str]:
    """A short name for each column."""
    if not grid.layout.cols:
        return ["Load"]
    texts = [_column_text(grid, column) for column in grid.columns]
    if max(map(len, texts)) <= _LONGEST_HEADING:
        return texts
    return [_letter(index) for index, _ in enumerate(texts)]


def _letter(index: int) -> str:
    return ascii_uppercase[index] if index < len(ascii_uppercase) else f"#{index + 1}"


def _column_text(grid: Grid, column: Place) -> str:
    parts = [
        shown_value(value) if key in ("run", "loader", *CONDITIONS, TUNABLES) else f"{key}={shown_value(value)}"
        for key, value in zip(grid.layout.cols, column, strict=True)
    ]
    return visible(", ".join(parts))


def _table(grid: Grid, columns: Sequence[Place], heads: dict[Place, str]) -> Table:
    shown = [row for row in grid.rows if any(_measured(grid, row, column) for column in columns)]
    layout = grid.layout
    part = "" if len(columns) == len(grid.columns) else f", columns {_numbers(grid, columns)}"
    crowded = len(columns) > _BELOW
    return _without_silent_ratios(
        Table(
            title=f"Load time: {_condition_text(grid)}{part}" if grid.layout.tables else f"Load time{part}",
            columns=(
                Column("#", "right"),
                *(_key_column(grid, index, key) for index, key in enumerate(layout.rows)),
                *(heading for column in columns for heading in _headings(heads, columns[0], column, crowded=crowded)),
            ),
            rows=tuple(_row(number, row, grid, columns) for number, row in enumerate(shown, 1)),
            footnotes=tuple(footnotes(grid, columns, shown, heads)),
            intro=tuple(_intro(grid, columns, heads)),
        )
    )


def _numbers(grid: Grid, columns: Sequence[Place]) -> str:
    """`1 and 7–11 of 12`."""
    at = [grid.columns.index(column) + 1 for column in columns]
    rest = f"{at[1]}–{at[-1]}" if at[2:] else str(at[-1])
    return f"1 and {rest} of {len(grid.columns)}"


def _condition_text(grid: Grid) -> str:
    parts = [
        f"as {value}" if key == "dtype" else str(value)
        for key, value in zip(grid.layout.tables, grid.condition, strict=True)
        if key != "dtype" or value != USUAL["dtype"]
    ]
    return ", ".join(short(part) for part in parts)


def _key_column(grid: Grid, index: int, key: str) -> Column:
    numbers = all(isinstance(row[index], int | float) or row[index] in (None, NOT_APPLICABLE) for row in grid.rows)
    name = "Settings" if key == TUNABLES else key.capitalize() if key.isalpha() else short(key)
    return Column(name, "right" if numbers else "left")


def _headings(heads: dict[Place, str], first: Place, column: Place, *, crowded: bool) -> Iterable[Column]:
    own = heads[column]
    yield Column(f"{own} (s)", "right")
    yield Column(f"{own}: 95 % (n)", "right", narrow="below")
    if column != first:
        yield Column(
            f"{own} ×" if crowded else f"{own} × {heads[first]}", "right", narrow="below" if crowded else "stays"
        )
    yield Column(f"{own}: case", narrow="below")


def _row(number: int, row: Place, grid: Grid, columns: Sequence[Place]) -> tuple[str, ...]:
    cells = [text for column in columns for text in _texts(grid, row, column, first=column == columns[0])]
    return (str(number), *(_key_text(grid, row, index) for index, _ in enumerate(row)), *cells)


def _key_text(grid: Grid, row: Place, index: int) -> str:
    text = shown_value(row[index])
    if grid.layout.rows[index] != "loader":
        return text
    cells = [grid.cells[row, column] for column in grid.columns if (row, column) in grid.cells]
    points = [point for cell in cells for point in cell.shown]
    return f"{text} (ceiling)" if points and all(point.summary.is_ceiling for point in points) else text


def _without_silent_ratios(table: Table) -> Table:
    """Without the columns that have no ratio in any row, as without those that are empty."""
    silent = [
        "×" in column.name and not column.name.endswith("(s)") and all(row[index] == NO_FIGURE for row in table.rows)
        for index, column in enumerate(table.columns)
    ]
    rows = tuple(tuple("" if out else text for text, out in zip(row, silent, strict=True)) for row in table.rows)
    return without_empty_columns(replace(table, rows=rows))


def _texts(grid: Grid, row: Place, column: Place, *, first: bool) -> Iterable[str]:
    cell = grid.cells.get((row, column))
    measured = cell.measured if cell else None
    if cell is None or measured is None:
        return [NO_FIGURE, NO_FIGURE, *([] if first else [NO_FIGURE]), why_none(cell)]
    spread = measured.interval
    low_high = "" if spread.kind == "single" else seconds_range(spread.low, spread.high)
    range_mark = "†" if spread.kind == "range" else ""
    return [
        seconds(measured.median_ns) + marks(cell),
        f"{low_high}{range_mark} ({measured.n})".strip(),
        *([] if first else [_ratio_text(cell)]),
        _shown_case(cell, _unlike_others(grid, row) if first else ()),
    ]


def _ratio_text(cell: Cell) -> str:
    if cell.versus is None:
        return NO_FIGURE
    text = f"{times(cell.versus)}{UNLIKE if cell.unlike else ''}"
    return f"({text})" if cell.told_apart is None else text if cell.told_apart else f"{LEVEL} {text}"


def _shown_case(cell: Cell, others: Iterable[str]) -> str:
    """Which of several cases is shown, or which one it is where the other columns have another."""
    keys = [*cell.residue, *cell.unlike, *others]
    if not keys:
        return ""
    own = [f"{short(key)}={shown_value(cell.shown[0].value(key))}" for key in dict.fromkeys(keys)]
    own = [text for text in own if not text.endswith(f"={NOT_APPLICABLE}")]
    picked = f"fastest of {cell.cases} cases: " if cell.cases > 1 else ""
    return picked + " ".join(own)


def _unlike_others(grid: Grid, row: Place) -> Iterable[str]:
    """The keys in which a cell is another case than that of the first column."""
    return [key for column in grid.columns if (cell := grid.cells.get((row, column))) for key in cell.unlike]


def _measured(grid: Grid, row: Place, column: Place) -> bool:
    cell = grid.cells.get((row, column))
    return cell is not None and cell.measured is not None


def _intro(grid: Grid, columns: Sequence[Place], heads: dict[Place, str]) -> Iterable[str]:
    for column in columns:
        if grid.layout.cols and heads[column] != _column_text(grid, column):
            yield f"{heads[column]}: {place_text(grid.layout.cols, column)}"
    if text := confounded_text(grid):
        yield text
