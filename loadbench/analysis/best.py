"""The best observed case of each loader, and what it can't be told apart from.

Nothing is crowned: the best of several medians is partly luck, and cases whose intervals overlap are
reported as level.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.measured import Measured
from loadbench.analysis.summary import CaseSummary
from loadbench.records import Case


@dataclass(frozen=True)
class Condition:
    """What two figures must share to be compared."""

    checkpoint: str
    cache: str
    device: str
    contract: str
    dtype: str


@dataclass(frozen=True)
class Best:
    """The case of one loader with the smallest median."""

    summary: CaseSummary
    measured: Measured
    cases: int
    """Number of this loader's cases with a figure: the best was picked among so many."""
    level: tuple[CaseSummary, ...]
    """This loader's other cases whose interval overlaps the best one's."""
    level_with_fastest: bool
    """Whether the interval overlaps that of the fastest loader, ceilings left out."""


@dataclass(frozen=True)
class Contest:
    """All loaders under one condition, the fastest first."""

    condition: Condition
    best: tuple[Best, ...]
    without: tuple[CaseSummary, ...]
    """A case of each loader that was tried or planned here and has no figure."""


def contests(summaries: Iterable[CaseSummary]) -> tuple[Contest, ...]:
    """One contest for each condition, in the order in which the conditions appear."""
    groups: dict[Condition, dict[str, list[CaseSummary]]] = {}
    for summary in summaries:
        loaders = groups.setdefault(_condition(summary.case), {})
        loaders.setdefault(summary.case.loader, []).append(summary)
    return tuple(_contest(condition, list(loaders.values())) for condition, loaders in groups.items())


def _condition(case: Case) -> Condition:
    return Condition(case.checkpoint, case.cache, case.device, case.contract, case.dtype)


def _contest(condition: Condition, loaders: Sequence[Sequence[CaseSummary]]) -> Contest:
    picked = [(_with_figure(cases), cases[0]) for cases in loaders]
    found = [with_figure for with_figure, _ in picked if with_figure]
    found.sort(key=lambda with_figure: with_figure[0][1].median_ns)
    contestants = [with_figure[0][1] for with_figure in found if not with_figure[0][0].is_ceiling]
    fastest = contestants[0] if contestants else None
    return Contest(
        condition=condition,
        best=tuple(_best(with_figure, fastest) for with_figure in found),
        without=tuple(first for with_figure, first in picked if not with_figure),
    )


def _with_figure(cases: Iterable[CaseSummary]) -> list[tuple[CaseSummary, Measured]]:
    """The cases that have a figure, the fastest first."""
    found = [(summary, summary.measured) for summary in cases if summary.measured is not None]
    return sorted(found, key=lambda pair: pair[1].median_ns)


def _best(with_figure: Sequence[tuple[CaseSummary, Measured]], fastest: Measured | None) -> Best:
    summary, measured = with_figure[0]
    return Best(
        summary=summary,
        measured=measured,
        cases=len(with_figure),
        level=tuple(other for other, its in with_figure[1:] if its.interval.overlaps(measured.interval)),
        level_with_fastest=bool(
            fastest
            and fastest is not measured
            and not summary.is_ceiling
            and measured.interval.overlaps(fastest.interval)
        ),
    )
