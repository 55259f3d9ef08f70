"""The best observed case of each loader, and which cases the run cannot tell from the fastest: the top set.

Nothing is crowned: the best of several medians is partly luck.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from loadbench.analysis.ceilings import Bounds, Ceilings
from loadbench.analysis.measured import Measured
from loadbench.analysis.ratio import Ratio, ratio
from loadbench.analysis.rivals import Condition
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.summary import CaseSummary
from loadbench.analysis.top_set import top_set


@dataclass(frozen=True)
class Standing:
    """A case beside the fastest one of its condition."""

    summary: CaseSummary
    measured: Measured
    times_best: Ratio
    """Its time over the fastest one's; 1 for the fastest itself. With too few trials that of the medians, anywhere
    from 0 to infinity."""
    in_top_set: bool | None
    """Whether the run cannot tell it from the fastest. None: not tested, it or the fastest has too few trials."""


@dataclass(frozen=True)
class Best:
    """The case of one loader with the smallest median."""

    summary: CaseSummary
    measured: Measured
    cases: int
    """Number of this loader's cases with a figure: the best was picked among so many."""
    standing: Standing | None
    """None for a ceiling, which is no contestant."""
    level: tuple[CaseSummary, ...]
    """This loader's other cases in the top set."""
    level_with_fastest: bool
    """Whether it is in the top set without being the fastest."""


@dataclass(frozen=True)
class Contest:
    """All loaders under one condition, the fastest first."""

    condition: Condition
    best: tuple[Best, ...]
    standings: tuple[Standing, ...]
    """Every case with a figure that is no ceiling, the fastest first."""
    without: tuple[CaseSummary, ...]
    """A case of each loader that was tried or planned here and has no figure."""

    @property
    def fastest(self) -> Standing | None:
        """The contestant with the smallest median."""
        return self.standings[0] if self.standings else None

    @property
    def tested(self) -> int:
        """How many cases the top set was told from; 0 where none could be."""
        return sum(standing.in_top_set is not None for standing in self.standings)

    @property
    def top_set(self) -> tuple[Standing, ...]:
        """The cases that the run cannot tell from the fastest, which is one of them."""
        return tuple(standing for standing in self.standings if standing.in_top_set)


def contests(summaries: Iterable[CaseSummary]) -> tuple[Contest, ...]:
    """One contest for each condition, in the order in which the conditions appear."""
    groups: dict[Condition, dict[str, list[CaseSummary]]] = {}
    for summary in summaries:
        loaders = groups.setdefault(Condition.of(summary.case), {})
        loaders.setdefault(summary.case.loader, []).append(summary)
    return tuple(_contest(condition, list(loaders.values())) for condition, loaders in groups.items())


def possible(contest: Contest, ceilings: Ceilings) -> Bounds | None:
    """What bounds every loader of a contest, whatever path it takes; None where no ceiling was measured."""
    if contest.fastest is None:
        return None
    return ceilings.bounds_for(contest.fastest.summary.case, contest.fastest.measured, past_cache=False)


def _contest(condition: Condition, loaders: Sequence[Sequence[CaseSummary]]) -> Contest:
    picked = [(_with_figure(cases), cases[0]) for cases in loaders]
    found = [with_figure for with_figure, _ in picked if with_figure]
    found.sort(key=lambda with_figure: with_figure[0][1].median_ns)
    standings = _standings([pair for with_figure in found for pair in with_figure if not pair[0].is_ceiling])
    by_number = {standing.summary.number: standing for standing in standings}
    return Contest(
        condition=condition,
        best=tuple(_best(with_figure, by_number, standings[:1]) for with_figure in found),
        standings=standings,
        without=tuple(first for with_figure, first in picked if not with_figure),
    )


def _with_figure(cases: Iterable[CaseSummary]) -> list[tuple[CaseSummary, Measured]]:
    """The cases that have a figure, the fastest first."""
    found = [(summary, summary.measured) for summary in cases if summary.measured is not None]
    return sorted(found, key=lambda pair: pair[1].median_ns)


def _standings(contestants: Sequence[tuple[CaseSummary, Measured]]) -> tuple[Standing, ...]:
    """All contestants beside the fastest. Too few trials can be outside no top set, so they are not tested."""
    ordered = sorted(contestants, key=lambda pair: pair[1].median_ns)
    if not ordered:
        return ()
    fastest = ordered[0][1]
    tested = [its for _, its in ordered if its.n >= SMALLEST_SAMPLE] if fastest.n >= SMALLEST_SAMPLE else []
    members = {id(tested[index]) for index in top_set([its.samples_ns for its in tested]).members} if tested else set()
    places = {id(its): id(its) in members for its in tested}
    return tuple(
        Standing(
            summary=summary,
            measured=its,
            times_best=_times_best(its, fastest),
            in_top_set=places.get(id(its)),
        )
        for summary, its in ordered
    )


def _times_best(its: Measured, fastest: Measured) -> Ratio:
    if its is fastest:
        return Ratio(1.0, 1.0, 1.0)
    if min(its.n, fastest.n) < SMALLEST_SAMPLE:
        return Ratio(its.median_ns / fastest.median_ns, 0.0, inf)
    return ratio(fastest.samples_ns, its.samples_ns)


def _best(
    with_figure: Sequence[tuple[CaseSummary, Measured]], standings: Mapping[int, Standing], fastest: Sequence[Standing]
) -> Best:
    summary, measured = with_figure[0]
    standing = standings.get(summary.number)
    return Best(
        summary=summary,
        measured=measured,
        cases=len(with_figure),
        standing=standing,
        level=tuple(
            other for other, _ in with_figure[1:] if other.number in standings and standings[other.number].in_top_set
        ),
        level_with_fastest=bool(standing and standing.in_top_set and standing not in fastest),
    )
