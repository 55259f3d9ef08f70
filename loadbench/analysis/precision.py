"""When a case has been tried often enough: a rule on the width of its interval, never on what a test says.

Stopping when a difference becomes significant makes false differences: looking after every trial finds one in a
sixth of all pairs of equal cases. Stopping when the interval is narrow enough does not, from 6 trials on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadbench.analysis.statistics import interval, median
from loadbench.records import CacheWish, Case, Plan, Record

LADDER = (6, 9, 12, 15, 20)
"""Numbers of trials at which the order-statistic interval of the median becomes narrower by a rank; between them
(7, 8, 10, 11, ...) it only covers more."""

PRECISION: dict[CacheWish, float] = {"cold": 0.05, "warm": 0.03}
"""Half-width of the interval over the median at which a case stops, unless the user says otherwise."""


@dataclass(frozen=True)
class Precision:
    """How precise a case is, and should be: half-widths of the 95 % interval of the median, over the median."""

    reached: float | None
    """None where there are too few trials for an interval."""
    wanted: float | None
    """None where the plan has no target for the case: it has a fixed number of rounds."""

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.wanted is not None and self.reached is not None and self.reached <= self.wanted


def half_width(samples_ns: Sequence[int]) -> float | None:
    """Half the width of the median's 95 % interval over the median; None for fewer than 6 samples."""
    if not samples_ns:
        return None
    ordered = sorted(samples_ns)
    found = interval(ordered)
    return (found.high - found.low) / 2 / median(ordered) if found.kind == "95 %" else None


def precision(plan: Plan, case: Case, samples_ns: Sequence[int]) -> Precision:
    """How precise the samples of a case are, beside what its plan wants."""
    return Precision(half_width(samples_ns), plan.precision.get(case.cache) if plan.ladder else None)


def rounds_wanted(plan: Plan, case: Case, samples_ns: Mapping[int, int]) -> int:
    """How many rounds a case needs by what its samples (round to ns) say: a step of the ladder, or all rounds.

    A step counts only the rounds up to it, so that the answer is the same during the run and ever after.
    """
    if not plan.ladder or case in plan.sentinels:
        return plan.rounds
    for step in plan.ladder:
        so_far = [sample for number, sample in samples_ns.items() if number <= step]
        if step < plan.rounds and precision(plan, case, so_far).met:
            return step
    return plan.rounds


def samples_by_round(records: Sequence[Record]) -> dict[int, int]:
    """The times that count of one case's records: round to ns."""
    return {
        record.round: record.timing.load_ns
        for record in records
        if record.status == "ok" and record.timing is not None and record.timing.load_ns > 0
    }
