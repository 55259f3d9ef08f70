"""What all dialects share: the rows of a result under names that are unique and printable, and their words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from loadbench.analysis.statistics import median
from loadbench.gate.result import CaseResult, GateResult, Verdict, gravest
from loadbench.report.text import NO_FIGURE, seconds, short, visible

ORDER: tuple[Verdict, ...] = ("INVALID", "REGRESSION", "INCONCLUSIVE", "PASS")
"""What a reader has to see first."""
_LONGEST_REASON = 2000


@dataclass(frozen=True)
class Row:
    """A case as CI systems show it."""

    name: str
    """Printable, no longer than a line, and no other row's: readers drop a second row of the same name in silence."""
    verdict: Verdict
    reason: str
    case: CaseResult | None
    """None for the gate as a whole."""


def rows(result: GateResult) -> tuple[Row, ...]:
    """Every case, and the gate itself where its verdict is none of theirs: a crash before the first case, say."""
    named = zip(_unique([case.name for case in result.cases]), result.cases, strict=True)
    found = tuple(Row(name, case.verdict, long_text(case.reason), case) for name, case in named)
    if found and gravest(row.verdict for row in found) == result.verdict:
        return found
    name = _another("gate", {row.name for row in found})
    return (Row(name, result.verdict, long_text(result.reason), None), *found)


def gravest_first(found: Sequence[Row]) -> list[Row]:
    """The rows by verdict, and in their own order within one."""
    return sorted(found, key=lambda row: ORDER.index(row.verdict))


def line(text: str) -> str:
    """Foreign text as a short piece of one line."""
    return short(visible(text))


def long_text(text: str) -> str:
    """Foreign text as a line that may be long."""
    return short(visible(text), _LONGEST_REASON)


def ratio_text(case: CaseResult) -> str:
    """`1.182 [1.129, 1.240]`, candidate over baseline; without the interval where there is none."""
    if case.ratio is None or not isfinite(case.ratio):
        return NO_FIGURE
    if case.low is None or case.high is None or not isfinite(case.high):
        return f"{case.ratio:.3f}"
    return f"{case.ratio:.3f} [{case.low:.3f}, {case.high:.3f}]"


def median_text(times: Sequence[int]) -> str:
    """The median in seconds."""
    return seconds(median(times)) if times else NO_FIGURE


def _unique(names: Sequence[str]) -> list[str]:
    """Printable names, told apart by numbers where they are the same after that."""
    return list(_numbered([line(name) for name in names]))


def _numbered(names: Sequence[str]) -> Iterator[str]:
    taken: set[str] = set()
    for name in names:
        free = _another(name, taken)
        taken.add(free)
        yield free


def _another(name: str, taken: set[str]) -> str:
    """The name, or the first of `name (2)`, `name (3)`, ... that nobody has."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
