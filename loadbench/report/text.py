"""Figures and foreign text as a reader sees them.

Names and reasons in results come from file names, libraries and crashed processes: nothing in them
is trusted. They are shortened where they enter a document, and what is not printable is made visible
where a document is written.
"""

from math import isinf

from loadbench.analysis.ratio import Ratio
from loadbench.records import Value, name_value
from loadbench.units import NS, short_size

NO_FIGURE = "–"
LONGEST = 200
"""Characters of a foreign text that a table shows; the results file has it all."""


def visible(text: str) -> str:
    r"""The text with control characters, escape sequences and direction overrides spelled out, as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def short(text: str, longest: int = LONGEST) -> str:
    """The text, cut after so many characters with a word on how much is missing."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text)} characters)"


def value_text(value: Value, unit: str = "") -> str:
    """A setting's value: `8M`, `16`, `true`, `default`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if unit == "bytes" and isinstance(value, int):
        return short_size(value)
    return short(name_value(value))


def seconds(nanoseconds: int) -> str:
    """A time in seconds with at least three digits that mean something: `14.3402` s is printed as `14.34`."""
    return f"{nanoseconds / NS:.{_decimals(nanoseconds / NS)}f}"


def seconds_range(low: int, high: int) -> str:
    """Two times in seconds, with as many decimals as the smaller one needs."""
    decimals = _decimals(low / NS)
    return f"{low / NS:.{decimals}f}–{high / NS:.{decimals}f}"


def _decimals(value: float) -> int:
    for limit, decimals in ((100, 1), (10, 2), (0.1, 3), (0.01, 4), (0.001, 5)):
        if value >= limit:
            return decimals
    return 6


def rate(value: float) -> str:
    """A bandwidth: two decimals, as the published tables have it; more where it is small, none where it is large."""
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def percent(share: float | None) -> str:
    """A share as `87 %`."""
    return NO_FIGURE if share is None else f"{100 * share:.0f} %"


def times(ratio: Ratio) -> str:
    """A ratio of times with its interval, `1.12 [1.05, 1.21]`; without it where the samples are too small for one."""
    if ratio.low == ratio.high or isinf(ratio.high):
        return f"{ratio.estimate:.2f}"
    return f"{ratio.estimate:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"


def count(number: int, word: str) -> str:
    """A number and its noun: `1 trial`, `2 trials`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
