"""Where values of a setting stand on a horizontal axis: threads of 1, 4, 8, 16, 100 are read best by their ratios."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

_WIDE = 4
"""From this ratio of the largest value to the smallest on, the axis is logarithmic."""


@dataclass(frozen=True)
class Scale:
    """Places of values between 0 and 1."""

    places: dict[float, float]
    kind: str
    """How it is spaced, where a reader must know: `logarithmic`, or empty."""


def scale(values: Iterable[float]) -> Scale:
    """Logarithmic where the values span much, else linear; in steps where one is 0 or less."""
    ordered = sorted(set(values))
    if len(ordered) < 2:
        return Scale(dict.fromkeys(ordered, 0.5), "")
    if ordered[0] <= 0:
        raw = {value: float(step) for step, value in enumerate(ordered)}
    elif ordered[-1] / ordered[0] >= _WIDE:
        raw = {value: log(value) for value in ordered}
    else:
        raw = {value: value for value in ordered}
    low, high = raw[ordered[0]], raw[ordered[-1]]
    kind = "logarithmic" if ordered[0] > 0 and ordered[-1] / ordered[0] >= _WIDE else ""
    return Scale({value: 0.04 + 0.92 * (at - low) / (high - low) for value, at in raw.items()}, kind)
