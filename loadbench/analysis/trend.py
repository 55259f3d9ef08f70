"""Whether a case became slower or faster while the run went on: heat, burst credits, a filling disk, first use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
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
"""Up to so many slopes are simply sorted; of more, only those near the middle."""
_SAMPLE = 10_000
"""So many slopes tell roughly where the middle is."""
_ROWS = 32
"""Of the table of all pairs, as many as fit into the processor's cache."""


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
    n = len(x)
    pairs = n * (n - 1) // 2
    tied = sum(times * (times - 1) * (2 * times + 5) for times in Counter(y.tolist()).values() if times > 1)
    half = _Z * sqrt((n * (n - 1) * (2 * n + 5) - tied) / 18)
    low = max(round((pairs - half) / 2) - 1, 0)
    high = min(round((pairs + half) / 2), pairs - 1)
    middle = (pairs - 1) // 2, pairs // 2
    found = _at(y, x, sorted({low, *middle, high}))
    return (found[middle[0]] + found[middle[1]]) / 2, found[low], found[high]


def _at(y: Floats, x: tuple[int, ...], ranks: list[int]) -> dict[int, float]:
    """The slopes at these ranks, from 0. Of many slopes only those between two limits of a sample are sorted."""
    import numpy as np

    pairs = len(x) * (len(x) - 1) // 2
    if pairs <= _FEW:
        later, earlier, steps = _pairs(x)
        slopes, below = (y[later] - y[earlier]) / steps, 0
    else:
        at = np.array(x, dtype=float)
        low, high = _limits(y, at, ranks[0] / pairs, ranks[-1] / pairs)
        below, near = 0, []
        for some in _all_slopes(y, at):
            below += int(np.count_nonzero(some < low))
            near.append(some[(some >= low) & (some <= high)])
        slopes = np.concatenate(near)
        if not below <= ranks[0] <= ranks[-1] < below + len(slopes):
            slopes, below = np.concatenate(list(_all_slopes(y, at))), 0
    slopes.sort()
    return {rank: float(slopes[rank - below]) for rank in ranks}


@lru_cache(maxsize=64)
def _pairs(x: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Kept for the next case: they mostly have the same rounds."""
    import numpy as np

    earlier, later = np.triu_indices(len(x), 1)
    at = np.array(x, dtype=float)
    return later, earlier, at[later] - at[earlier]


def _limits(y: Floats, at: Floats, low: float, high: float) -> tuple[float, float]:
    """Slopes a little outside these shares of all, by a sample that is always the same."""
    import numpy as np

    one, other = np.random.default_rng(0).integers(0, len(y), (2, _SAMPLE))
    one, other = one[one != other], other[one != other]
    sample = np.sort((y[one] - y[other]) / (at[one] - at[other]))
    margin = len(sample) // 40
    first = max(0, int(low * len(sample)) - margin)
    last = min(len(sample) - 1, int(high * len(sample)) + margin)
    return float(sample[first]), float(sample[last])


def _all_slopes(y: Floats, at: Floats) -> Iterator[Floats]:
    """Part by part: some points with each other, and then with all later ones."""
    import numpy as np

    for start in range(0, len(y), _ROWS):
        end = min(start + _ROWS, len(y))
        earlier, later = np.triu_indices(end - start, 1) + np.array(start)
        yield (y[later] - y[earlier]) / (at[later] - at[earlier])
        yield ((y[end:] - y[start:end, None]) / (at[end:] - at[start:end, None])).ravel()
