"""How small a difference a number of trials can find, given how the times scatter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import expm1, floor, log, log1p, sqrt
from typing import TYPE_CHECKING

from loadbench.analysis.differences import ALL, ranked
from loadbench.analysis.ratio import critical
from loadbench.analysis.statistics import median

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SMALLEST_CASE = 3
"""Fewer trials of a case than this say too little about how its times scatter."""
SMALLEST_POOL = 10
"""Fewer residuals than this are too few to draw from."""

_REPLICATES = 5000
_FEWEST_REPLICATES = 200
_DIFFERENCES = 50_000_000
"""About so many are drawn in all: beyond 100 trials a case there are fewer replicates, or a plan would take minutes."""
_STEPS = 10_000
_IN_MEMORY = 4_000_000
"""Differences that are looked at together."""


def residuals(samples: Iterable[Sequence[int]]) -> tuple[float, ...]:
    """How the times of cases scatter, each case given by its times in ns: log(time) - log(median of its case), pooled.

    Cases with fewer than 3 times are left out. Each case of n times has its residuals widened by sqrt(n / (n - 1)).
    An impossible time is a ValueError.
    """
    # A centre that is taken from the same times lies too close to them. Around the mean the residuals' variance is
    # 1 - 1/n of the true one. Around the median it is 1 - 2/n + v, where v is the median's variance over that of
    # one time; for normal times v is at least 1/n, since there no centre is surer than the mean. So the factor
    # makes up for the whole loss or a little more, and a detectable difference is not promised too small.
    found: list[float] = []
    for times in samples:
        if len(times) >= SMALLEST_CASE:
            if min(times) <= 0:
                raise ValueError(f"impossible time: {min(times)} ns")
            widening = sqrt(len(times) / (len(times) - 1))
            center = log(median(times))
            found += [widening * (log(time) - center) for time in times]
    return tuple(found)


def detectable(
    residuals: Sequence[float],
    n: int,
    *,
    margin: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
    seed: int = 0,
) -> float | None:
    """The smallest slowdown (0.08 is 8 %) that n trials against n find with this power, up to the next 0.01 %.

    To find it is to reject, with the one-sided exact Mann-Whitney test at level alpha, that the candidate is at
    most `margin` slower. Pairs of samples are drawn from the residuals with replacement, up to 100 trials so many
    that the power is right to about half a percent, beyond 300 to about three; the same seed gives the same answer.
    None for fewer than 10 residuals, which can't tell, and where n trials can't find any difference: all pairs being
    slower has probability 1 / C(2n, n).
    """
    import numpy as np

    rank = critical(n, n, alpha) if n > 0 else None
    if rank is None or len(residuals) < SMALLEST_POOL:
        return None
    chance = np.random.default_rng(seed)
    pool = np.asarray(residuals)
    needed = needed_logs(chance.choice(pool, (replicates_of(n, _REPLICATES), 2, n)), rank, margin)
    smallest = expm1(float(np.quantile(needed, power, method="higher")))
    return max(0, floor(smallest * _STEPS) + 1) / _STEPS


def replicates_of(n: int, most: int) -> int:
    """How many pairs of samples of n times are drawn: fewer of large ones, or a plan would take minutes."""
    return max(_FEWEST_REPLICATES, min(most, _DIFFERENCES // (n * n)))


def needed_logs(draws: Floats, rank: int, margin: float) -> Floats:
    """The logarithm of the smallest slowdown that each replicate (baseline, candidate) needs to be called slower.

    A slowdown moves all differences of a replicate alike. The test rejects from the slowdown on that lifts the rank-th
    largest of them over the margin: that is found without trying slowdowns one by one.
    """
    import numpy as np

    replicates, _, n = draws.shape
    if n * n > ALL:
        return np.array([log1p(margin) - ranked(pair[1], pair[0], [n * n - rank])[0] for pair in draws])
    found = []
    for part in np.array_split(draws, 1 + replicates * n * n // _IN_MEMORY):
        differences = (part[:, 1, :, None] - part[:, 0, None, :]).reshape(len(part), n * n)
        found.append(log1p(margin) - np.partition(differences, n * n - rank, axis=1)[:, n * n - rank])
    return np.concatenate(found)
