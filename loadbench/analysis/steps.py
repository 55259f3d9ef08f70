"""Where a series of medians, one for each run, changed its level for good: regressions that no single run shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, log, sqrt
from statistics import fmean

FEWEST_RUNS = 8
"""In fewer runs chance looks like a step too often."""
SHORTEST = 3
"""A level that holds for so many runs is one; one or two odd runs are not."""
LEAST = 0.05
"""A step of less than this, either way, is no matter."""
_PENALTY, _PENALTY_LOG = 4.0, 2.0
"""A further step must explain (4 + 2 log n) times the noise's variance. Chosen by scripts/validate_history.py: of equal
runs, 20 in a series, at most 5 % of the series show a step."""


@dataclass(frozen=True)
class Step:
    """A change of level."""

    at: int
    """Index of the first run of the new level."""
    change: float
    """The new level beside the old one: 0.1 is 10 % slower."""


@dataclass(frozen=True)
class Levels:
    """A series taken apart."""

    noise: float | None
    """Standard deviation of the runs around their levels, as a share; None for fewer than 3 runs."""
    steps: tuple[Step, ...]


def levels(medians_ns: Sequence[float]) -> Levels:
    """The levels of a series in order of time. An impossible time is a ValueError.

    The partition of the logarithms that has the least sum of squares plus a penalty for each step, found exactly by
    PELT (Killick, Fearnhead and Eckley, Optimal Detection of Changepoints with a Linear Computational Cost, JASA 107,
    2012; the library ruptures, Truong et al. 2020). The noise's variance in the penalty is half the mean square of the
    differences of consecutive runs, which steps hardly move.
    """
    if min(medians_ns, default=1) <= 0:
        raise ValueError(f"impossible time: {min(medians_ns)} ns")
    logs = [log(median) for median in medians_ns]
    ends = _ends(logs) if len(logs) >= FEWEST_RUNS else [len(logs)]
    parts = [logs[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    found = [
        Step(end, expm1(fmean(after) - fmean(before)))
        for end, before, after in zip(ends, parts, parts[1:], strict=False)
    ]
    return Levels(_noise(parts), tuple(step for step in found if abs(step.change) >= LEAST))


def _ends(logs: list[float]) -> list[int]:
    """Where each level ends, the last one at the end of the series."""
    import numpy as np
    from ruptures import KernelCPD

    series = np.asarray(logs).reshape(-1, 1)
    variance = float((np.diff(series[:, 0]) ** 2).mean()) / 2
    if variance == 0:
        return [len(logs)]
    penalty = _PENALTY + _PENALTY_LOG * log(len(logs))
    # The linear kernel's cost is the sum of squares around the mean.
    detector = KernelCPD(kernel="linear", min_size=SHORTEST).fit(series / sqrt(variance))
    return [int(end) for end in detector.predict(pen=penalty)]


def _noise(parts: Sequence[Sequence[float]]) -> float | None:
    free = sum(len(part) - 1 for part in parts)
    if free < 2:
        return None
    squares = sum((value - fmean(part)) ** 2 for part in parts for value in part)
    return expm1(sqrt(squares / free))
