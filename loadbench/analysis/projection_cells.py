"""What falls together under one row and one column of a projection.

A cell shows one case. Trials of different cases are never pooled: a median over 8 and 32 threads is that of neither.
Where several cases fall into a cell it shows the fastest one, as the tables of best cases do, and says how many there
were and in which keys they differ. Trials of one and the same case in several runs, or in several sessions of one, are
taken together, and that is said too: their interval does not know that machines have better and worse days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadbench.analysis.keys import NOT_APPLICABLE, Point, identity_keys, tunables_in, values_of
from loadbench.analysis.layout import TUNABLES, Layout
from loadbench.analysis.measured import Measured, measure
from loadbench.analysis.ratio import Ratio
from loadbench.records import Record, Value


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


def make_cell(found: Sequence[Point], by: Layout) -> Cell:
    """The fastest case of those that fall together; the first of them where none has a figure."""
    cases: dict[object, list[Point]] = {}
    for point in found:
        cases.setdefault((point.summary.case.key, point.value("checkpoint.digest")), []).append(point)
    measured = [(group, _measure(group)) for group in cases.values()]
    with_figure = [(group, its) for group, its in measured if its is not None]
    shown, its = min(with_figure, key=lambda pair: pair[1].median_ns) if with_figure else measured[0]
    shown = [point for point in shown if point.records] or shown
    rivals = [point for group, _ in with_figure for point in group]
    return Cell(
        shown=tuple(shown),
        measured=its,
        cases=len(with_figure),
        residue=differing(rivals, case_keys(rivals, by)) if len(with_figure) > 1 else {},
        runs=len({point.run for point in shown}),
        mixed=differing(shown, [key for key in ("run", *identity_keys(shown)) if key not in by.keys]),
    )


def _measure(group: Sequence[Point]) -> Measured | None:
    """The figures of one case, as its run has them where all of its trials are here."""
    records: list[Record] = [record for point in group for record in point.records]
    whole = group[0].summary.measured
    if len({point.run for point in group}) == 1 and whole and whole.n == len(records):
        return whole
    return measure(records)


def case_keys(found: Sequence[Point], by: Layout) -> list[str]:
    """What can tell two cases apart that stand in the same place."""
    keys = ("loader", *tunables_in(found), "checkpoint.digest")
    shown = {*by.keys, *(tunables_in(found) if TUNABLES in by.keys else ())}
    return [key for key in keys if key not in shown]


def differing(found: Sequence[Point], keys: Iterable[str]) -> dict[str, tuple[Value, ...]]:
    """The keys that have several values here. That a run did not record a fact is no difference."""
    values = {key: known_values(found, key) for key in keys}
    return {key: several for key, several in values.items() if len(several) > 1}


def known_values(found: Sequence[Point], key: str) -> tuple[Value, ...]:
    """The values of a key that are known. That a loader does not have a tunable is one."""
    several = values_of(found, key)
    tunable = any(key in point.summary.case.tunables for point in found)
    return several if tunable else tuple(value for value in several if value != NOT_APPLICABLE)
