"""How many times as long one case takes as another, and how sure that is.

Both answers come from one count: in how many of all pairs (one trial of each case) the candidate is the slower one.
Nothing is assumed about the distribution of the times, only that both cases share its shape on a log scale.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import comb, erfc, inf, sqrt

from loadbench.analysis.differences import ranked

EXACT_PAIRS = 10_000
"""Up to so many pairs, as of 100 trials against 100, the count's distribution is exact."""

_ROUNDING = 1e-9
"""A probability that is a fraction, as 1/20, may come out above it by a rounding error."""


@dataclass(frozen=True)
class Ratio:
    """Time of the candidate over time of the baseline, with its confidence interval: 1.1 is 10 % slower.

    Samples that are too small for the confidence, as 3 against 3 for 95 %, have an interval from 0 to infinity.
    """

    estimate: float
    low: float
    high: float

    @property
    def excludes_one(self) -> bool:
        """Whether the interval tells the two apart."""
        return self.low > 1 or self.high < 1


def ratio(baseline_ns: Sequence[int], candidate_ns: Sequence[int], confidence: float = 0.95) -> Ratio:
    """The Hodges-Lehmann estimate of candidate over baseline, and the interval that agrees with the exact test.

    The estimate is the median of the ratios of all pairs (on logs: of the differences). The interval holds every
    ratio that the two-sided Mann-Whitney test does not reject; its ends are the pairs' ratios at the test's
    critical rank, from below and from above (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods,
    3rd ed., sections 4.2 and 4.3; Lehmann, Nonparametrics, section 2.5). Equal times can only make it cover more,
    since its ends belong to it: two constant samples give [1, 1] if they are alike. No or impossible times are a
    ValueError.
    """
    import numpy as np

    _check(baseline_ns, candidate_ns)
    pairs = len(baseline_ns) * len(candidate_ns)
    rank = critical(len(baseline_ns), len(candidate_ns), (1 - confidence) / 2)
    ends = [] if rank is None else [pairs - rank, rank - 1]
    found = ranked(np.log(candidate_ns), np.log(baseline_ns), [(pairs - 1) // 2, pairs // 2, *ends])
    return Ratio(*np.exp([(found[0] + found[1]) / 2, *(found[2:] or [-inf, inf])]).tolist())


def slower_p(baseline_ns: Sequence[int], candidate_ns: Sequence[int], margin: float = 0.0) -> float:
    """How probable a candidate as slow as this is, were it at most `margin` (0.05 is 5 %) slower than the baseline.

    The p-value of the exact one-sided Mann-Whitney test (as scipy.stats.mannwhitneyu) of the candidate's times over
    1 + margin. A tie counts as not slower. Were ties broken by coin flips, the test would be exact and would count
    at least as many slower pairs: so the p-value is never too small, and 1 for equal constant samples. No or
    impossible times are a ValueError.
    """
    import numpy as np

    _check(baseline_ns, candidate_ns)
    limits = np.sort(np.asarray(baseline_ns) * (1 + margin))
    slower = int(limits.searchsorted(candidate_ns, "left").sum())
    return tail_at(len(baseline_ns), len(candidate_ns), slower)


def tail_at(n: int, m: int, count: int) -> float:
    """P(U >= count), where U counts the pairs in which the candidate is slower, if nothing differs.

    Exact, and the normal approximation with continuity correction for more than `EXACT_PAIRS` pairs.
    """
    if n * m > EXACT_PAIRS:
        deviation = (n * m * (n + m + 1) / 12) ** 0.5
        return erfc((count - n * m / 2 - 0.5) / deviation / sqrt(2)) / 2
    return tail(n, m)[count]


@cache
def tail(n: int, m: int) -> tuple[float, ...]:
    """P(U >= u) for u from 0 to n * m, exactly.

    How many of the orders of n + m times have u such pairs is the coefficient of q to the u in the Gaussian binomial
    coefficient, the product of (1 - q^(n + k)) / (1 - q^k) for k up to m (Andrews, The Theory of Partitions,
    section 3.2). scipy.stats.mannwhitneyu has the same distribution, but takes a second to import.
    """
    n, m = max(n, m), min(n, m)
    orders = [1] + [0] * (n * m)
    for k in range(1, m + 1):
        orders[n + k :] = [one - other for one, other in zip(orders[n + k :], orders, strict=False)]
        for first in range(k):
            orders[first::k] = accumulate(orders[first::k])
    total = comb(n + m, m)
    return tuple(count / total for count in accumulate(reversed(orders)))[::-1]


@cache
def critical(n: int, m: int, alpha: float) -> int | None:
    """The smallest count of slower pairs whose tail probability is at most alpha. None where even all pairs are not."""
    limit = alpha * (1 + _ROUNDING)
    found = bisect_left(range(n * m + 1), True, key=lambda count: tail_at(n, m, count) <= limit)
    return found if found <= n * m else None


def _check(*samples: Sequence[int]) -> None:
    for times in samples:
        if not len(times):
            raise ValueError("no samples")
        if min(times) <= 0:
            raise ValueError(f"impossible time: {min(times)} ns")
