"""The columns of a projection held against the first one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import comb

from loadbench.analysis.keys import NOT_APPLICABLE
from loadbench.analysis.layout import Layout, Place
from loadbench.analysis.multiple import holm
from loadbench.analysis.projection_cells import Cell, case_keys, differing
from loadbench.analysis.ratio import Ratio, ratio, slower_p
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.top_set import ALPHA

Where = tuple[Place, Place]
"""A row and a column."""
Pair = tuple[Cell, Cell]
"""A cell of the first column and the one that is held against it."""


def pairs(cells: Mapping[Where, Cell], columns: Sequence[Place]) -> dict[Where, Pair]:
    """Each cell with a figure whose row has one in the first column too."""
    return {
        (row, column): (first, cell)
        for (row, column), cell in cells.items()
        if column != columns[0] and cell.measured
        if (first := cells.get((row, columns[0]))) and first.measured
    }


def compared(cells: Mapping[Where, Cell], columns: Sequence[Place], by: Layout) -> dict[Where, Cell]:
    """The cells with their ratios to the first column, and whether they are told apart from it."""
    found = pairs(cells, columns)
    differs = {where: told for column in columns[1:] for where, told in _told_apart(found, column).items()}
    return {
        **cells,
        **{
            where: replace(
                cell, versus=_versus(first, cell), told_apart=differs.get(where), unlike=_unlike(first, cell, by)
            )
            for where, (first, cell) in found.items()
        },
    }


def told_by_columns(key: str, by: Layout) -> bool:
    """Whether the grid itself says that columns differ in this key."""
    return key in by.keys or (key.startswith("checkpoint.") and "checkpoint" in by.cols)


def _told_apart(found: Mapping[Where, Pair], column: Place) -> dict[Where, bool | None]:
    """What differs between a column and the first, by Holm's procedure: whether these two differ is one question.

    Where not even the clearest difference could pass among so many, nothing was tested: 6 trials against 6 are enough
    for 23 comparisons.
    """
    tested = {where: pair for where, pair in found.items() if where[1] == column and _enough(*pair)}
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


def _unlike(first: Cell, cell: Cell, by: Layout) -> tuple[str, ...]:
    """A tunable that only one of two loaders has is no difference where the column is the loader."""
    both = (*first.shown, *cell.shown)
    keys = [key for key in case_keys(both, by) if not told_by_columns(key, by)]
    several = differing(both, keys)
    return tuple(key for key, values in several.items() if "loader" not in by.cols or NOT_APPLICABLE not in values)
