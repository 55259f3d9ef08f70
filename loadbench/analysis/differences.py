"""Order statistics of all differences of two samples, without sorting them all where they are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALL = 50_000
"""Up to so many differences are simply sorted."""
_FEW = 20_000
"""So many differences around the one that is sought are looked at."""
_SLACK = 1e-12
"""More than the rounding errors of a difference, relative to the largest number."""
_STRIDE = 100
_STEPS = 60


def ranked(upper: NDArray[Any], lower: NDArray[Any], ranks: Sequence[int]) -> list[float]:
    """The differences upper - lower of all pairs at these ranks, from 0 for the smallest.

    The very numbers that sorting all differences gives, in time n log n instead of n²: for sorted samples it takes
    one search per number to count the differences below a value (Johnson and Mizoguchi, Selecting the Kth Element in
    X + Y, SIAM Journal on Computing 7, 1978), and few differences are left between two values with near counts.
    """
    import numpy as np

    if upper.size * lower.size <= ALL:
        differences = np.subtract.outer(upper, lower).ravel()
        differences.sort()
        return [float(differences[rank]) for rank in ranks]
    upper, lower = np.sort(upper), np.sort(lower)
    return [_one(upper, lower, rank) for rank in ranks]


def _one(upper: NDArray[np.float64], lower: NDArray[np.float64], rank: int) -> float:
    import numpy as np

    pairs = upper.size * lower.size
    slack = _SLACK * max(1.0, *np.abs([upper[0], upper[-1], lower[0], lower[-1]]).tolist())

    def below(value: float) -> int:
        return pairs - int(lower.searchsorted(upper - value, "right").sum())

    low, high = float(upper[0] - lower[-1]) - slack, float(upper[-1] - lower[0]) + slack
    below_low, below_high = 0, pairs
    some = np.subtract.outer(upper[:: 1 + upper.size // _STRIDE], lower[:: 1 + lower.size // _STRIDE]).ravel()
    at = rank * some.size // pairs
    near = np.partition(some, (places := [max(0, at - some.size // 50), min(some.size - 1, at + some.size // 50)]))
    guesses = [float(near[place]) for place in places]
    for _ in range(_STEPS):
        for guess in guesses:
            if low < guess < high:
                count = below(guess)
                if count <= rank:
                    low, below_low = guess, count
                else:
                    high, below_high = guess, count
        if below_high - below_low <= _FEW or high - low <= slack:
            break
        each = (high - low) / (below_high - below_low)
        likely = low + (rank - below_low) * each
        guesses = [likely - each * _FEW / 4, likely + each * _FEW / 4, (low + high) / 2]
    start = lower.searchsorted(upper - high - slack, "left")
    end = lower.searchsorted(upper - low + slack, "right")
    counts = end - start
    first = np.cumsum(counts) - counts
    partners = np.arange(counts.sum()) + np.repeat(start - first, counts)
    differences = np.repeat(upper, counts) - lower[partners]
    place = rank - (pairs - int(end.sum()))
    return float(np.partition(differences, place)[place])
