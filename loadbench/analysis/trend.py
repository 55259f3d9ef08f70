"""Whether a case became slower or faster while the run went on: heat, burst credits, a filling disk, first use."""

from collections.abc import Mapping
from dataclasses import dataclass

from loadbench.analysis.statistics import SMALLEST_SAMPLE

DRIFT = 0.05
"""A change over the run, either way, that is worth a warning when it is certain."""


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
    Estimates of the Regression Coefficient Based on Kendall's Tau, JASA 63, 1968; scipy.stats.theilslopes). A
    single odd trial does not move it.
    """
    if any(sample <= 0 for sample in samples_ns.values()):
        raise ValueError(f"impossible time: {min(samples_ns.values())} ns")
    if len(samples_ns) < SMALLEST_SAMPLE:
        return None
    import numpy as np
    from scipy.stats import theilslopes

    rounds = sorted(samples_ns)
    found = theilslopes(np.log([samples_ns[number] for number in rounds]), rounds, alpha=0.95)
    slopes = np.array([found.slope, found.low_slope, found.high_slope])
    drift, low, high = np.expm1(slopes * (rounds[-1] - rounds[0])).tolist()
    return Trend(drift, low, high)
