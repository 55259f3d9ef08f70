"""How many times as long one case takes as another, and how sure that is.

Both answers come from one count: in how many of all pairs (one trial of each case) the candidate is the slower one.
Nothing is assumed about the distribution of the times, only that both cases share its shape on a log scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    differences = np.subtract.outer(np.log(candidate_ns), np.log(baseline_ns)).ravel()
    differences.sort()
    rank = critical(len(baseline_ns), len(candidate_ns), (1 - confidence) / 2)
    ends = [-inf, inf] if rank is None else [differences[-rank], differences[rank - 1]]
    return Ratio(*np.exp([np.median(differences), *ends]).tolist())


def slower_p(baseline_ns: Sequence[int], candidate_ns: Sequence[int], margin: float = 0.0) -> float:
    """How probable a candidate as slow as this is, were it at most `margin` (0.05 is 5 %) slower than the baseline.

    The p-value of the exact one-sided Mann-Whitney test (as scipy.stats.mannwhitneyu) of the candidate's times over
    1 + margin. A tie counts as not slower. Were ties broken by coin flips, the test would be exact and would count
    at least as many slower pairs: so the p-value is never too small, and 1 for equal constant samples. No or
    impossible times are a ValueError.
    """
    import numpy as np

    _check(baseline_ns, candidate_ns)
    limits = np.asarray(baseline_ns) * (1 + margin)
    slower = int(np.greater.outer(np.asarray(candidate_ns), limits).sum())
    return float(tail(len(baseline_ns), len(candidate_ns))[slower])


@cache
def tail(n: int, m: int) -> NDArray[np.float64]:
    """P(U >= u) for u from 0 to n * m, where U counts the pairs in which the candidate is slower, if nothing differs.

    SciPy's exact distribution, asked for through samples that have each count once; the normal approximation with
    continuity correction for more than `EXACT_PAIRS` pairs.
    """
    import numpy as np
    from scipy.stats import mannwhitneyu, norm

    counts = np.arange(n * m + 1)
    if n * m > EXACT_PAIRS:
        deviation = (n * m * (n + m + 1) / 12) ** 0.5
        return np.asarray(norm.sf((counts - n * m / 2 - 0.5) / deviation))
    above_all, above_some = np.divmod(counts, n)
    # A candidate that is above k of the baseline's 0, 2, 4, ... stands at 2k - 1, with a place of its own near it.
    places = np.arange(m)
    above = np.where(places < above_all[:, None], n, np.where(places == above_all[:, None], above_some[:, None], 0))
    samples = 2 * above - 1 + (places + 1) / (m + 2)
    baseline = np.broadcast_to(2 * np.arange(n), (len(counts), n))
    found = mannwhitneyu(samples, baseline, alternative="greater", method="exact", axis=1).pvalue
    return np.asarray(found)


@cache
def critical(n: int, m: int, alpha: float) -> int | None:
    """The smallest count of slower pairs whose tail probability is at most alpha. None where even all pairs are not."""
    rare = tail(n, m) <= alpha * (1 + _ROUNDING)
    return int(rare.argmax()) if rare.any() else None


def _check(*samples: Sequence[int]) -> None:
    for times in samples:
        if not len(times):
            raise ValueError("no samples")
        if min(times) <= 0:
            raise ValueError(f"impossible time: {min(times)} ns")
