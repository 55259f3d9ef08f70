"""What a run can tell apart: the smallest difference between two cases that so many trials find."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.notes import percent_up
from loadbench.analysis.power import detectable, residuals
from loadbench.analysis.statistics import SMALLEST_SAMPLE, median
from loadbench.analysis.summary import CaseSummary
from loadbench.records import CacheWish

POWER = 0.8


@dataclass(frozen=True)
class Resolution:
    """What the cases of one cache state can show."""

    cache: CacheWish
    n: int
    """Trials of each of the two cases."""
    detectable: float | None
    """The slowdown that is found with a power of 80 %; None where none can be."""


def resolutions(summaries: Iterable[CaseSummary]) -> tuple[Resolution, ...]:
    """For each cache state, by its own scatter: for the case with the fewest trials, and for the middle one."""
    states: dict[CacheWish, list[tuple[int, ...]]] = {}
    for summary in summaries:
        if summary.measured and not summary.is_ceiling:
            states.setdefault(summary.case.cache, []).append(summary.measured.samples_ns)
    return tuple(found for cache, samples in states.items() for found in _resolutions(cache, samples))


def _resolutions(cache: CacheWish, samples: Sequence[Sequence[int]]) -> Iterable[Resolution]:
    sizes = [len(times) for times in samples]
    counts = dict.fromkeys((min(sizes), median(sizes)))
    if max(counts) < SMALLEST_SAMPLE:
        return [Resolution(cache, n, None) for n in counts]
    scatter = residuals(samples)
    return [Resolution(cache, n, detectable(scatter, n, power=POWER) if n >= SMALLEST_SAMPLE else None) for n in counts]


def resolution_text(found: Sequence[Resolution]) -> str:
    """`8 % cold, 3 % warm (n = 6 each); 5 % cold (n = 12 each)`; empty if no case has a figure."""
    sizes = dict.fromkeys(one.n for one in sorted(found, key=lambda one: one.n))
    return "; ".join(f"{', '.join(_one_text(one) for one in found if one.n == n)} (n = {n} each)" for n in sizes)


def _one_text(one: Resolution) -> str:
    if one.detectable is not None:
        return f"{percent_up(one.detectable)} {one.cache}"
    return f"{'none' if one.n < SMALLEST_SAMPLE else 'unknown'} {one.cache}"
