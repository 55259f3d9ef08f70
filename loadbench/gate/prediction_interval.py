"""Whether one more run's median belongs to those of earlier runs: a prediction interval on logarithms.

The unit is a run, not a trial. The trials of one run agree better with each other than with those of the next run, so
an interval from them would be too narrow; the scatter between the runs' medians has both in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, log, log1p, sqrt
from statistics import fmean, stdev

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
        from scipy.stats import t

        return float(t.sf((log(median_ns) - self.mean) / self.error, self.k - 1))

    def ratio(self, median_ns: float) -> tuple[float, float, float]:
        """The run's time over what was expected, and its 95 % interval: the error of the prediction, both ways."""
        from scipy.stats import t

        above = log(median_ns) - self.mean
        reach = float(t.ppf(0.975, self.k - 1)) * self.error
        return exp(above), exp(above - reach), exp(above + reach)

    def detectable(self, alpha: float, margin: float, power: float = 0.8) -> float:
        """The smallest slowdown (0.12 is 12 %) that such a test finds with this power.

        exp(max(t(1 - alpha) · e, log(1 + margin)) + t(power) · e) - 1, where e is the error of the prediction and t
        the quantile of Student's distribution with k - 1 degrees of freedom.
        """
        from scipy.stats import t

        limit = max(float(t.ppf(1 - alpha, self.k - 1)) * self.error, log1p(margin))
        return expm1(limit + float(t.ppf(power, self.k - 1)) * self.error)


def predict(medians_ns: Sequence[float]) -> Prediction | None:
    """None for fewer than 8 runs, and for medians that are all alike to the nanosecond: no machine does that."""
    if len(medians_ns) < FEWEST_RUNS or len(set(medians_ns)) == 1:
        return None
    logs = [log(median) for median in medians_ns]
    return Prediction(len(logs), fmean(logs), stdev(logs) * sqrt(1 + 1 / len(logs)))
