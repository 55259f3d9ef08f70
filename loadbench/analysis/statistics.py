"""The median of a handful of times, and how sure it is.

Loading times are positive, skewed and few, so nothing here assumes a distribution. Times are whole
nanoseconds throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

SMALLEST_SAMPLE = 6
"""Fewer samples than this have no 95 % interval for the median: with 5, even the widest one covers only 93.75 %."""


@dataclass(frozen=True)
class Interval:
    """Where the median lies, in ns.

    `95 %` is a confidence interval of the median. `range` is only the smallest and the largest of a
    sample that is too small for one, `single` a sample of one: neither says anything about the median.
    """

    low: int
    high: int
    kind: Literal["95 %", "range", "single"]

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two may stand for the same time. One trial shows no spread: it can't be told from any other."""
        if "single" in (self.kind, other.kind):
            return True
        return self.low <= other.high and other.low <= self.high


def median(samples: Sequence[int]) -> int:
    """The middle of the samples, or the mean of the two middle ones rounded down to a whole number."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def interval(samples: Sequence[int]) -> Interval:
    """The interval of the median that a sample of this size allows.

    From 6 samples on it is the distribution-free interval between two order statistics. How many of
    n samples lie below the median is binomial(n, 1/2) whatever the distribution, so that the j-th and
    k-th smallest enclose the median with probability P(j <= B < k) (David and Nagaraja, Order
    Statistics, 3rd ed., section 7.1). With few samples the steps are coarse: the true coverage is at least 95 %.
    """
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    if len(ordered) == 1:
        return Interval(ordered[0], ordered[0], "single")
    if len(ordered) < SMALLEST_SAMPLE:
        return Interval(ordered[0], ordered[-1], "range")
    low, high = ranks(len(ordered))
    return Interval(ordered[low - 1], ordered[high - 1], "95 %")


@cache
def ranks(n: int) -> tuple[int, int]:
    """Ranks, from 1, of the order statistics that enclose the median with at least 95 % confidence. n >= 6.

    Those of scipy.stats.quantile_test, in whole numbers: of the 2ⁿ ways to fall below or above the median, those
    with fewer than `low` below it are less than 2.5 %.
    """
    low, ways, so_far = 0, 1, 1
    while so_far * 40 < 2**n:
        low += 1
        ways = ways * (n - low + 1) // low
        so_far += ways
    return low, n + 1 - low
