"""Which keys make the rows, the columns and the tables of a projection, and where a case stands in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.keys import CONDITIONS, Point, tunables_in
from loadbench.records import Value, name_value

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


def place_of(point: Point, keys: Iterable[str], by: Layout) -> Place:
    """Where a point stands by some of the keys."""
    return tuple(_settings(point, by) if key == TUNABLES else point.value(key) for key in keys)


def _settings(point: Point, by: Layout) -> str:
    """The tunables that were set and have no place of their own, as one text."""
    own = point.summary.case.tunables
    names = [name for name in sorted(own) if not {name, f"{point.summary.case.loader}.{name}"} & set(by.keys)]
    return " ".join(f"{name}={name_value(own[name])}" for name in names) or "default"
