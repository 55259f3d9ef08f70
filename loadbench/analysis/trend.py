"""Whether a case became slower or faster while the run went on: heat, burst credits, a filling disk, first use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING

from loadbench.analysis.statistics import SMALLEST_SAMPLE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRIFT = 0.05
"""A change over the run, either way, that is worth a warning when it is certain."""
_Z = 1.959963984540054
"""97.5 % of a normal distribution lie below it."""
_FEW = 20_000
"""Up to so many slopes are simply partitioned; of more, only those near the middle."""


@dataclass(frozen=True)
class Trend:
    """The relative change of the time from the first round to the last, with its 95 % interval: 0.1 is 10 % slower."""

    drift: float
    low: float
    high: float

    @property
    def unsteady(self) -> bool:
        """Whether the change is certain and larger than 5 %: one median does not describe such a case."""
        return (self.low > 0 or self.high < 0) and abs(self.drift) > DRIFT


def trend(samples_ns: Mapping[int, int]) -> Trend | None:
    """The trend of one case's samples (round to ns). None for fewer than 6; an impossible time is a ValueError.

    The Theil-Sen slope of log time over round, the median of the slopes of all pairs, with Sen's interval (Sen,
    Estimates of the Regression Coefficient Based on Kendall's Tau, JASA 63, 1968). A single odd trial does not move it.
    """
    if any(sample <= 0 for sample in samples_ns.values()):
        raise ValueError(f"impossible time: {min(samples_ns.values())} ns")
    if len(samples_ns) < SMALLEST_SAMPLE:
        return None
    import numpy as np

    rounds = sorted(samples_ns)
    slopes = theil_sen(np.log([samples_ns[number] for number in rounds]), tuple(rounds))
    drift, low, high = np.expm1(np.array(slopes) * (rounds[-1] - rounds[0])).tolist()
    return Trend(drift, low, high)


def theil_sen(y: Floats, x: tuple[int, ...]) -> tuple[float, float, float]:
    """The median of the slopes of all pairs and its 95 % interval: what scipy.stats.theilslopes gives, to the last bit.

    Done here as scipy.stats takes as long to import as a thousand slopes take, and each slope of its some
    milliseconds. x has to ascend.
    """
    import numpy as np

    n = len(x)
    pairs = n * (n - 1) // 2
    _, repeats = np.unique(y, return_counts=True)
    tied = int((repeats * (repeats - 1) * (2 * repeats + 5)).sum())
    half = _Z * sqrt((n * (n - 1) * (2 * n + 5) - tied) / 18)
    low = max(round((pairs - half) / 2) - 1, 0)
    high = min(round((pairs + half) / 2), pairs - 1)
    middle = (pairs - 1) // 2, pairs // 2
    found = _at(_slopes(y, x), sorted({low, *middle, high}))
    return (found[middle[0]] + found[middle[1]]) / 2, found[low], found[high]


def _slopes(y: Floats, x: tuple[int, ...]) -> Floats:
    import numpy as np

    if len(x) <= _MOST_KNOWN:
        later, earlier, steps = _pairs(x)
        return np.asarray((y[later] - y[earlier]) / steps)
    at = np.array(x, dtype=float)
    slopes = np.empty(len(x) * (len(x) - 1) // 2)
    end = 0
    for place in range(len(x) - 1):
        start, end = end, end + len(x) - 1 - place
        np.subtract(y[place + 1 :], y[place], out=slopes[start:end])
        slopes[start:end] /= at[place + 1 :] - at[place]
    return slopes


_MOST_KNOWN = 100
"""Most rounds whose pairs are kept for the next case: they mostly have the same rounds."""


@lru_cache(maxsize=64)
def _pairs(x: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    import numpy as np

    earlier, later = np.triu_indices(len(x), 1)
    at = np.array(x, dtype=float)
    return later, earlier, at[later] - at[earlier]


def _at(slopes: Floats, ranks: list[int]) -> dict[int, float]:
    """The slopes at these ranks, from 0. Of many slopes only those between two limits of a sample are sorted."""
    import numpy as np

    below = 0
    if len(slopes) > _FEW:
        sample = np.sort(slopes[:: 1 + len(slopes) // 10_000])
        margin = len(sample) // 40
        first = max(0, ranks[0] * len(sample) // len(slopes) - margin)
        last = min(len(sample) - 1, ranks[-1] * len(sample) // len(slopes) + margin)
        smaller = int(np.count_nonzero(slopes < sample[first]))
        near = slopes[(slopes >= sample[first]) & (slopes <= sample[last])]
        if smaller <= ranks[0] and ranks[-1] < smaller + len(near):
            slopes, below = near, smaller
    slopes = np.sort(slopes)
    return {rank: float(slopes[rank - below]) for rank in ranks}
