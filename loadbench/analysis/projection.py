"""Cases of one or several runs as a grid: any keys become rows and columns, and what falls together in a cell is told.

A cell shows one case. Trials of different cases are never pooled: a median over 8 and 32 threads is that of neither.
Where several cases fall into a cell it shows the fastest one, as the tables of best cases do, and says how many there
were and in which keys they differ. Trials of one and the same case in several runs, or in several sessions of one, are
taken together, and that is said too: their interval does not know that machines have better and worse days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb

from loadbench.analysis.keys import CONDITIONS, NOT_APPLICABLE, Point, case_key, identity_keys, tunables_in, values_of
from loadbench.analysis.measured import Measured, measure
from loadbench.analysis.multiple import holm
from loadbench.analysis.ratio import Ratio, ratio, slower_p
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.top_set import ALPHA
from loadbench.records import Record, Value, name_value

TUNABLES = "tunables"
"""Stands for all tunables that are no row or column of their own: `buffer=8M threads=16`."""
Place = tuple[Value, ...]
"""The values of the keys of a row, a column or a table."""


@dataclass(frozen=True)
class Layout:
    """Which keys make the rows, the columns and the tables."""

    rows: tuple[str, ...]
    cols: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that is told by where a figure stands."""
        return (*self.tables, *self.rows, *self.cols)


@dataclass(frozen=True)
class Cell:
    """What falls together under one row and one column."""

    shown: tuple[Point, ...]
    """The points of the one case that is shown."""
    measured: Measured | None
    """Its figures; None where no trial counts."""
    cases: int
    """How many different cases with a figure fall into the cell."""
    residue: Mapping[str, tuple[Value, ...]]
    """The keys in which these cases differ."""
    runs: int
    """How many runs the shown trials are of."""
    mixed: Mapping[str, tuple[Value, ...]]
    """The keys of run, machine and software in which the shown trials differ."""
    versus: Ratio | None = None
    """Its time over that of the first column's cell; None in the first column, and where either has no figure."""
    told_apart: bool | None = None
    """Whether the two differ by Holm's procedure over the column. None: either has too few trials to show that."""
    unlike: tuple[str, ...] = ()
    """The keys in which its case is not the first column's, though the grid does not show them."""


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


def layout(rows: Sequence[str], cols: Sequence[str], *, found: Iterable[Point]) -> Layout:
    """The keys of a projection. Without rows a row is a case: its loader and its tunables.

    A condition that is neither row nor column makes tables of its own: figures of different conditions are not
    comparable.
    """
    if not rows:
        rows = [key for key in ("loader", TUNABLES) if key not in cols]
    if TUNABLES in rows and not tunables_in(found) and len(rows) > 1:
        rows = [key for key in rows if key != TUNABLES]
    return Layout(tuple(rows), tuple(cols), tuple(key for key in CONDITIONS if key not in (*rows, *cols)))


def project(found: Sequence[Point], by: Layout) -> tuple[Grid, ...]:
    """One grid for each condition. Where no row or column tells the loader, ceilings are left out: none competes."""
    if "loader" not in by.keys and not all(point.summary.is_ceiling for point in found):
        found = [point for point in found if not point.summary.is_ceiling]
    tables: dict[Place, list[Point]] = {}
    for point in found:
        tables.setdefault(_place(point, by.tables, by), []).append(point)
    return tuple(_grid(condition, tables[condition], by) for condition in _ordered(tables))


def _grid(condition: Place, found: Sequence[Point], by: Layout) -> Grid:
    groups: dict[tuple[Place, Place], list[Point]] = {}
    for point in found:
        groups.setdefault((_place(point, by.rows, by), _place(point, by.cols, by)), []).append(point)
    rows = _ordered(dict.fromkeys(row for row, _ in groups))
    columns = _ordered(dict.fromkeys(column for _, column in groups))
    cells = {where: _cell(group, by) for where, group in groups.items()}
    compared = {
        (row, column): (first, cell)
        for row in rows
        for column in columns[1:]
        if (first := cells.get((row, columns[0]))) and (cell := cells.get((row, column)))
        if first.measured and cell.measured
    }
    differs = {where: told for column in columns[1:] for where, told in _told_apart(compared, column).items()}
    for where, (first, cell) in compared.items():
        cells[where] = replace(
            cell, versus=_versus(first, cell), told_apart=differs.get(where), unlike=_unlike(first, cell, by)
        )
    return Grid(
        layout=by,
        condition=condition,
        rows=tuple(rows),
        columns=tuple(columns),
        cells=cells,
        tested=sum(told is not None for told in differs.values()),
        confounded=_confounded([[p for c in _column(cells, column) for p in c.shown] for column in columns], by),
        across_runs=any(_runs(first) != _runs(cell) for first, cell in compared.values()),
    )


def _cell(found: Sequence[Point], by: Layout) -> Cell:
    """The fastest case of those that fall together; the first of them where none has a figure."""
    cases: dict[object, list[Point]] = {}
    for point in found:
        cases.setdefault((case_key(point.summary.case), point.value("checkpoint.digest")), []).append(point)
    measured = [(group, _measure(group)) for group in cases.values()]
    with_figure = [(group, its) for group, its in measured if its is not None]
    shown, its = min(with_figure, key=lambda pair: pair[1].median_ns) if with_figure else measured[0]
    shown = [point for point in shown if point.records] or shown
    rivals = [point for group, _ in with_figure for point in group]
    return Cell(
        shown=tuple(shown),
        measured=its,
        cases=len(with_figure),
        residue=_differing(rivals, _case_keys(rivals, by)) if len(with_figure) > 1 else {},
        runs=len({point.run for point in shown}),
        mixed=_differing(shown, [key for key in ("run", *identity_keys(shown)) if key not in by.keys]),
    )


def _measure(group: Sequence[Point]) -> Measured | None:
    """The figures of one case, as its run has them where all of its trials are here."""
    records: list[Record] = [record for point in group for record in point.records]
    whole = group[0].summary.measured
    if len({point.run for point in group}) == 1 and whole and whole.n == len(records):
        return whole
    return measure(records)


def _case_keys(found: Sequence[Point], by: Layout) -> list[str]:
    """What can tell two cases apart that stand in the same place."""
    keys = ("loader", *tunables_in(found), "checkpoint.digest")
    shown = {*by.keys, *(tunables_in(found) if TUNABLES in by.keys else ())}
    return [key for key in keys if key not in shown]


def _differing(found: Sequence[Point], keys: Iterable[str]) -> dict[str, tuple[Value, ...]]:
    """The keys that have several values here. That a run did not record a fact is no difference."""
    values = {key: _known(found, key) for key in keys}
    return {key: several for key, several in values.items() if len(several) > 1}


def _known(found: Sequence[Point], key: str) -> tuple[Value, ...]:
    several = values_of(found, key)
    tunable = any(key in point.summary.case.tunables for point in found)
    return several if tunable else tuple(value for value in several if value != NOT_APPLICABLE)


def _unlike(first: Cell, cell: Cell, by: Layout) -> tuple[str, ...]:
    """A tunable that only one of two loaders has is no difference where the column is the loader."""
    both = (*first.shown, *cell.shown)
    keys = [key for key in _case_keys(both, by) if not _told_by_columns(key, by)]
    several = _differing(both, keys)
    return tuple(key for key, values in several.items() if "loader" not in by.cols or NOT_APPLICABLE not in values)


def _told_by_columns(key: str, by: Layout) -> bool:
    return key in by.keys or (key.startswith("checkpoint.") and "checkpoint" in by.cols)


def _confounded(columns: Sequence[Sequence[Point]], by: Layout) -> dict[str, tuple[Value, ...]]:
    """Keys in which two columns have no value in common, or each has its own mixture."""
    every = [point for column in columns for point in column]
    found = {}
    for key in identity_keys(every):
        several = [frozenset(_known(column, key)) for column in columns]
        if not _told_by_columns(key, by) and len({one for one in several if one}) > 1:
            found[key] = _known(every, key)
    return found


def _column(cells: Mapping[tuple[Place, Place], Cell], column: Place) -> list[Cell]:
    return [cell for (_, its), cell in cells.items() if its == column and cell.measured]


def _runs(cell: Cell) -> set[int]:
    return {point.run for point in cell.shown}


def _told_apart(
    compared: Mapping[tuple[Place, Place], tuple[Cell, Cell]], column: Place
) -> dict[tuple[Place, Place], bool | None]:
    """What differs between a column and the first, by Holm's procedure: whether these two differ is one question.

    Where not even the clearest difference could pass among so many, nothing was tested: 6 trials against 6 are enough
    for 23 comparisons.
    """
    tested = {where: pair for where, pair in compared.items() if where[1] == column and _enough(*pair)}
    differs = holm([_p_value(*pair) for pair in tested.values()], ALPHA)
    return {
        where: told or (False if _smallest_p(*pair) <= ALPHA / len(tested) else None)
        for (where, pair), told in zip(tested.items(), differs, strict=True)
    }


def _smallest_p(first: Cell, cell: Cell) -> float:
    """The p-value of two samples that do not overlap."""
    assert first.measured is not None
    assert cell.measured is not None
    return 2 / comb(first.measured.n + cell.measured.n, cell.measured.n)


def _enough(first: Cell, cell: Cell) -> bool:
    return all(one.measured and one.measured.n >= SMALLEST_SAMPLE for one in (first, cell))


def _versus(first: Cell, cell: Cell) -> Ratio:
    assert first.measured is not None
    assert cell.measured is not None
    if not _enough(first, cell):
        return Ratio(cell.measured.median_ns / first.measured.median_ns, 0.0, float("inf"))
    return ratio(first.measured.samples_ns, cell.measured.samples_ns)


def _p_value(first: Cell, cell: Cell) -> float:
    """Two-sided: twice the smaller of the two one-sided exact p-values."""
    assert first.measured is not None
    assert cell.measured is not None
    one, other = first.measured.samples_ns, cell.measured.samples_ns
    return min(1.0, 2 * min(slower_p(one, other), slower_p(other, one)))


def _place(point: Point, keys: Iterable[str], by: Layout) -> Place:
    return tuple(_settings(point, by) if key == TUNABLES else point.value(key) for key in keys)


def _settings(point: Point, by: Layout) -> str:
    """The tunables that were set and have no place of their own, as one text."""
    own = point.summary.case.tunables
    names = [name for name in sorted(own) if not {name, f"{point.summary.case.loader}.{name}"} & set(by.keys)]
    return " ".join(f"{name}={name_value(own[name])}" for name in names) or "default"


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
