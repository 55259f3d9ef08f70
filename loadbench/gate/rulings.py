"""What the rules say of a figure, whatever the question: too good, too little to matter, too coarse to tell."""

from math import isfinite

from loadbench.gate.result import Rules
from loadbench.units import NS, human_seconds

TOO_GOOD = 0.5
"""A candidate that takes less than this share of the time it took probably does not do the same work."""


def too_good(ratio: float, rules: Rules) -> str:
    """Why so large a gain is not believed; empty if it is, or is none."""
    if ratio >= TOO_GOOD or rules.accept_improvement:
        return ""
    return (
        f"takes {100 * ratio:.0f} % of the time it took, and such a gain is rarely true: check it, then "
        "--accept-improvement"
    )


def too_little(more_ns: float, rules: Rules) -> str:
    """That a slowdown is too short to matter; empty if it is not."""
    if more_ns >= rules.least_ns:
        return ""
    return (
        f"that is {human_seconds(more_ns / NS)} only, and less than {human_seconds(rules.least_ns / NS)} is no matter"
    )


def too_coarse(least: float | None, rules: Rules) -> str:
    """That a slowdown of the size asked for would not have been found; empty if it would."""
    if least is None:
        return "with so few trials no slowdown could have been found"
    if least > rules.detect:
        return (
            f"no slowdown below {100 * least:.0f} % would have been found, and {100 * rules.detect:g} % was asked for"
        )
    return ""


def change_text(ratio: float, low: float, high: float) -> str:
    """`+12.3 % [+8.1 %, +17.0 %]`; without the interval where the samples are too small for one."""
    estimate = f"{100 * (ratio - 1):+.1f} %"
    return f"{estimate} [{100 * (low - 1):+.1f} %, {100 * (high - 1):+.1f} %]" if isfinite(high) else estimate
