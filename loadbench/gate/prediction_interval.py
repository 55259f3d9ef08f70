"""Whether one more run's median belongs to those of earlier runs: a prediction interval on logarithms.

The unit is a run, not a trial. The trials of one run agree better with each other than with those of the next run, so
an interval from them would be too narrow; the scatter between the runs' medians has both in it.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, expm1, log, log1p, sqrt
from statistics import fmean, stdev
from typing import TypeVar

from loadbench.analysis.multiple import holm, holm_limits
from loadbench.gate.result import Rules

Key = TypeVar("Key", bound=Hashable)

FEWEST_RUNS = 8
"""With fewer, the scatter between runs is hardly known, and no slowdown but a large one could be found."""


@dataclass(frozen=True)
class Prediction:
    """What k earlier medians say about the next one. Logarithms of ns."""

    k: int
    mean: float
    error: float
    """Standard error of the next value: s · sqrt(1 + 1/k)."""

    def p(self, median_ns: float) -> float:
        """How probable so slow a run is, if nothing changed and logs of medians are normal: Student's t, k - 1."""
        from scipy.special import stdtr

        return float(stdtr(self.k - 1, (self.mean - log(median_ns)) / self.error))

    def ratio(self, median_ns: float) -> tuple[float, float, float]:
        """The run's time over what was expected, and its 95 % interval: the error of the prediction, both ways."""
        above = log(median_ns) - self.mean
        reach = self._t(0.975) * self.error
        return exp(above), exp(above - reach), exp(above + reach)

    def detectable(self, alpha: float, margin: float, power: float = 0.8) -> float:
        """The smallest slowdown (0.12 is 12 %) that such a test finds with this power.

        exp(max(t(1 - alpha) · e, log(1 + margin)) + t(power) · e) - 1, where e is the error of the prediction and t
        the quantile of Student's distribution with k - 1 degrees of freedom.
        """
        limit = max(self._t(1 - alpha) * self.error, log1p(margin))
        return expm1(limit + self._t(power) * self.error)

    def _t(self, probability: float) -> float:
        """Quantile of Student's distribution. scipy.special: scipy.stats needs a hundred times as long for it."""
        from scipy.special import stdtrit

        return float(stdtrit(self.k - 1, probability))


def predict(medians_ns: Sequence[float]) -> Prediction | None:
    """None for fewer than 8 runs, and for medians that are all alike to the nanosecond: no machine does that."""
    if len(medians_ns) < FEWEST_RUNS or len(set(medians_ns)) == 1:
        return None
    logs = [log(median) for median in medians_ns]
    return Prediction(len(logs), fmean(logs), stdev(logs) * sqrt(1 + 1 / len(logs)))


@dataclass(frozen=True)
class Test:
    """What one case's prediction says about a run, after Holm over all cases that have one."""

    prediction: Prediction
    p: float
    limit: float
    """What p was held against."""
    slower: bool
    """By more than the scatter explains, and by more than the margin."""
    detectable: float


def predictions(past_ns: Mapping[Key, Sequence[float]], head_ns: Mapping[Key, float], rules: Rules) -> dict[Key, Test]:
    """The test of every case of a run that has history enough: its median against those of earlier runs."""
    found = {key: made for key in head_ns if (made := predict(past_ns.get(key, ())))}
    p_values = [made.p(head_ns[key]) for key, made in found.items()]
    limits, rejected = holm_limits(p_values, rules.alpha), holm(p_values, rules.alpha)
    strictest = rules.alpha / max(1, len(found))
    return {
        key: Test(
            made,
            p,
            limit,
            far and log(head_ns[key]) - made.mean > log1p(rules.margin),
            made.detectable(strictest, rules.margin),
        )
        for (key, made), p, limit, far in zip(found.items(), p_values, limits, rejected, strict=True)
    }
