"""Where turning a knob up stops to pay."""

from collections.abc import Mapping


def knee(medians: Mapping[int, int], gain: float = 0.03) -> int | None:
    """The smallest value of an axis (value to median, ns) beyond which no larger one is more than `gain` faster.

    Faster is meant in bytes per second: 0.03 is 3 % more of them. It is the largest value where each step up still
    pays: then the axis ends too early to show a knee. None for fewer than 2 values. An impossible time is a
    ValueError.
    """
    if any(time <= 0 for time in medians.values()):
        raise ValueError(f"impossible time: {min(medians.values())} ns")
    if len(medians) < 2:
        return None
    ordered = sorted(medians)
    for place, value in enumerate(ordered):
        beyond = [medians[larger] for larger in ordered[place + 1 :]]
        if not beyond or medians[value] <= min(beyond) * (1 + gain):
            return value
    raise AssertionError("the largest value has nothing beyond it")
