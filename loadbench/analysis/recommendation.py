"""Which case of a condition to use: the cheapest of those that may be the fastest; or why nobody can tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from loadbench.analysis.best import Contest, Standing
from loadbench.analysis.notes import not_counted_text, unproved
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.summary import CaseSummary
from loadbench.records import LoaderInfo, Value
from loadbench.units import MIB

WORKERS = ("threads", "concurrency")
"""The tunables that say how many threads or reads in flight a loader has."""

RULE = (
    "Recommended is the first, the cheapest case of the top set: fewest threads or reads in flight, of equals the "
    "smallest peak memory in whole MiB, of equals the fastest."
)


@dataclass(frozen=True)
class Member:
    """A case of the top set and what it costs."""

    standing: Standing
    workers: int
    """Threads or reads in flight that it used; 1 for a loader that has no such setting."""
    memory_bytes: int | None
    """Peak resident memory, and on a GPU the peak of device memory with it; None where it is not known."""


@dataclass(frozen=True)
class Recommendation:
    """What to use under one condition."""

    contest: Contest
    members: tuple[Member, ...]
    """The top set, the cheapest first."""
    refusal: str
    """Why nothing is recommended; empty where something is."""

    @property
    def chosen(self) -> Member | None:
        """The case to use."""
        return None if self.refusal else self.members[0]

    @property
    def to_confirm(self) -> tuple[CaseSummary, ...]:
        """The cases that another run has to compare: the top set, and the next one where it has only one member."""
        if len(self.members) > 1:
            return tuple(one.summary for one in self.contest.top_set)
        return tuple(one.summary for one in self.contest.standings[:2])


def recommend(contest: Contest, loaders: Mapping[str, LoaderInfo], verdict: str = "") -> Recommendation:
    """Choose for one condition. `verdict` is why the run as a whole decides nothing, or empty."""
    members = [_member(standing, loaders) for standing in contest.top_set]
    members.sort(key=_cost)
    return Recommendation(contest, tuple(members), verdict or _refusal(contest, members))


def _member(standing: Standing, loaders: Mapping[str, LoaderInfo]) -> Member:
    its = standing.measured
    host, device = its.rss_peak_bytes, its.device_peak_bytes
    return Member(standing, _workers(standing, loaders), None if host is None else host + (device or 0))


def _workers(standing: Standing, loaders: Mapping[str, LoaderInfo]) -> int:
    """What the library said that it used, else what was set, else the library's default."""
    case = standing.summary.case
    info = loaders.get(case.loader)
    defaults: dict[str, Value] = {one.name: one.default for one in info.tunables} if info else {}
    known: dict[str, Value] = {**defaults, **case.tunables, **standing.measured.settings}
    counts = [value for name in WORKERS if isinstance(value := known.get(name), int) and not isinstance(value, bool)]
    return max(counts, default=1)


def _cost(member: Member) -> tuple[float, float, int]:
    memory = inf if member.memory_bytes is None else member.memory_bytes // MIB
    return member.workers, memory, member.standing.measured.median_ns


def _refusal(contest: Contest, members: Sequence[Member]) -> str:
    fastest = contest.fastest
    if fastest is None:
        return f"no trial counts{_why_none(contest)}"
    if not members:
        return (
            f"the fastest case, #{fastest.summary.number}, has too few trials that count to be told from the others: "
            f"{fastest.measured.n}, and {SMALLEST_SAMPLE} is the least"
        )
    return "; ".join(_without_proof(members))


def _why_none(contest: Contest) -> str:
    lost = [f"{one.case.loader}: {not_counted_text(one) or 'not tried yet'}" for one in contest.without]
    return f" ({'; '.join(lost)})" if lost else ""


def _without_proof(members: Sequence[Member]) -> Iterator[str]:
    for member in members:
        doubts = unproved(member.standing.summary)
        if doubts:
            yield f"#{member.standing.summary.number} may be the fastest and is not proved: {', '.join(doubts)}"
