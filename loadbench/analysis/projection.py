"""Cases of one or several runs as grids: any keys become rows and columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadbench.analysis.keys import Point, identity_keys
from loadbench.analysis.layout import Layout, Place, place_of
from loadbench.analysis.projection_cells import Cell, known_values, make_cell
from loadbench.analysis.projection_ratios import compared, pairs, told_by_columns
from loadbench.records import Value


@dataclass(frozen=True)
class Grid:
    """One table."""

    layout: Layout
    condition: Place
    rows: tuple[Place, ...]
    columns: tuple[Place, ...]
    cells: Mapping[tuple[Place, Place], Cell]
    tested: int
    """How many comparisons had trials enough to tell something apart."""
    confounded: Mapping[str, tuple[Value, ...]]
    """Keys of machine and software in which the columns differ, though they are no column."""
    across_runs: bool
    """Whether any two figures that are compared are of different runs."""


def project(found: Sequence[Point], by: Layout) -> tuple[Grid, ...]:
    """One grid for each condition. Where no row or column tells the loader, ceilings are left out: none competes."""
    if "loader" not in by.keys and not all(point.summary.is_ceiling for point in found):
        found = [point for point in found if not point.summary.is_ceiling]
    tables: dict[Place, list[Point]] = {}
    for point in found:
        tables.setdefault(place_of(point, by.tables, by), []).append(point)
    return tuple(_grid(condition, tables[condition], by) for condition in _ordered(tables))


def _grid(condition: Place, found: Sequence[Point], by: Layout) -> Grid:
    groups: dict[tuple[Place, Place], list[Point]] = {}
    for point in found:
        groups.setdefault((place_of(point, by.rows, by), place_of(point, by.cols, by)), []).append(point)
    rows = _ordered(dict.fromkeys(row for row, _ in groups))
    columns = _ordered(dict.fromkeys(column for _, column in groups))
    cells = {where: make_cell(group, by) for where, group in groups.items()}
    cells = compared(cells, columns, by)
    beside = pairs(cells, columns)
    return Grid(
        layout=by,
        condition=condition,
        rows=tuple(rows),
        columns=tuple(columns),
        cells=cells,
        tested=sum(cells[where].told_apart is not None for where in beside),
        confounded=_confounded([[p for c in _column(cells, column) for p in c.shown] for column in columns], by),
        across_runs=any(_runs(first) != _runs(cell) for first, cell in beside.values()),
    )


def _confounded(columns: Sequence[Sequence[Point]], by: Layout) -> dict[str, tuple[Value, ...]]:
    """Keys in which two columns have no value in common, or each has its own mixture."""
    every = [point for column in columns for point in column]
    found = {}
    for key in identity_keys(every):
        several = [frozenset(known_values(column, key)) for column in columns]
        if not told_by_columns(key, by) and len({one for one in several if one}) > 1:
            found[key] = known_values(every, key)
    return found


def _column(cells: Mapping[tuple[Place, Place], Cell], column: Place) -> list[Cell]:
    return [cell for (_, its), cell in cells.items() if its == column and cell.measured]


def _runs(cell: Cell) -> set[int]:
    return {point.run for point in cell.shown}


def _ordered(places: Iterable[Place]) -> list[Place]:
    """Numbers by size, defaults before them, all else in the order in which it came; the first key counts most."""
    every = list(places)
    came: list[dict[Value, int]] = [{} for _ in (every[0] if every else ())]
    for place in every:
        for index, value in enumerate(place):
            came[index].setdefault(value, len(came[index]))

    def rank(place: Place) -> tuple[tuple[int, float], ...]:
        return tuple(_rank(value, came[index]) for index, value in enumerate(place))

    return sorted(every, key=rank)


def _rank(value: Value, came: Mapping[Value, int]) -> tuple[int, float]:
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, came[value]
