"""What a case's times look like beside their median: single odd ones, and two groups instead of one.

Both are for the reader to know. Nothing is ever left out for its value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from statistics import median as middle

from loadbench.analysis.statistics import SMALLEST_SAMPLE, median

OUTLIER_Z = 3.5
SMALLEST_PART = 0.25
"""A group of times is at least this share of all."""
WIDE_GAP = 5
"""The gap between two groups over the median gap."""


@dataclass(frozen=True)
class Modes:
    """Two groups of times: the median of each, ns, and which share of the trials is in the slow one."""

    fast_ns: int
    slow_ns: int
    slow_share: float


def outliers(samples_ns: Sequence[int]) -> tuple[int, ...]:
    """Indices of the samples that lie far from the others, in order; none in fewer than 6 samples.

    The modified z-score, 0.6745 times the distance from the median over the median of these distances, is more
    than 3.5 (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993); here of the logs. One case in six to
    ten has such a sample by chance alone. A sample more than half of which is one and the same time has no such
    scale, and no outliers. An impossible time is a ValueError.
    """
    if len(samples_ns) < SMALLEST_SAMPLE:
        return ()
    logs = _logs(samples_ns)
    center = middle(logs)
    distances = [abs(one - center) for one in logs]
    scale = middle(distances)
    return tuple(index for index, distance in enumerate(distances) if 0.6745 * distance > OUTLIER_Z * scale > 0)


def modes(samples_ns: Sequence[int]) -> Modes | None:
    """The two groups that the times fall into; None where they are one group, and for fewer than 6 samples.

    A rule of thumb without a source: on a log scale the widest gap between neighbours is more than 5 times the
    median gap, and at least a quarter of the times lie on each side of it. Of cases with normal scatter one in
    twenty looks so by chance. An impossible time is a ValueError.
    """
    if len(samples_ns) < SMALLEST_SAMPLE:
        return None
    ordered = sorted(samples_ns)
    gaps = [after - before for before, after in pairwise(_logs(ordered))]
    fast = gaps.index(max(gaps)) + 1
    slow_share = 1 - fast / len(ordered)
    if max(gaps) <= WIDE_GAP * middle(gaps) or not SMALLEST_PART <= slow_share <= 1 - SMALLEST_PART:
        return None
    return Modes(median(ordered[:fast]), median(ordered[fast:]), slow_share)


def _logs(samples_ns: Sequence[int]) -> list[float]:
    if min(samples_ns) <= 0:
        raise ValueError(f"impossible time: {min(samples_ns)} ns")
    return [log(sample) for sample in samples_ns]
