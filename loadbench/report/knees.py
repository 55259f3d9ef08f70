"""Where turning one knob up stops to pay, the others left as in the best case."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from loadbench.analysis.best import Best, Contest
from loadbench.analysis.knee import knee
from loadbench.analysis.summary import CaseSummary
from loadbench.records import Value
from loadbench.report.cells import USUAL, Loaders, tunable_text
from loadbench.report.text import short

GAIN = 0.03
_FEWEST_VALUES = 3


@dataclass(frozen=True)
class Knee:
    """The knee of one axis of a loader under one condition."""

    best: CaseSummary
    """The case whose other settings were kept."""
    tunable: str
    value: int
    """Beyond it no larger value gains more than 3 %."""
    largest: int
    """The largest value that has a figure; equal to `value` where the axis ends before its knee."""


def knees(contests: Iterable[Contest]) -> tuple[Knee, ...]:
    """The knees of every loader and condition, for whole-numbered axes with at least 3 values that have a figure."""
    return tuple(
        found
        for contest in contests
        for best in contest.best
        for found in _knees_of(best, [one.summary for one in contest.standings])
    )


def knee_notes(found: Iterable[Knee], loaders: Loaders) -> tuple[str, ...]:
    """`Knee, cold: threads: beyond 16 less than 3 % gain, other settings as in #7`."""
    return tuple(_note(one, loaders) for one in found)


def _note(one: Knee, loaders: Loaders) -> str:
    case = one.best.case
    unusual = {"device": case.device, "contract": case.contract, "dtype": case.dtype}.items() - USUAL.items()
    condition = ", ".join([case.cache, *(short(value) for _, value in sorted(unusual))])
    value = tunable_text(one.tunable, one.value, case, loaders)
    if one.value == one.largest:
        says = f"still gaining at {value}, the largest tried"
    else:
        says = f"beyond {value} less than {100 * GAIN:.0f} % gain"
    return f"Knee, {condition}: {short(one.tunable)}: {says}, other settings as in #{one.best.number}."


def _knees_of(best: Best, contestants: Iterable[CaseSummary]) -> Iterable[Knee]:
    case = best.summary.case
    own = [one for one in contestants if one.case.loader == case.loader]
    for tunable, kept in case.tunables.items():
        if not _whole(kept):
            continue
        medians: dict[int, int] = {}
        for one in own:
            value = one.case.tunables.get(tunable)
            if (
                _whole(value)
                and one.measured
                and _others(one.case.tunables, tunable) == _others(case.tunables, tunable)
            ):
                medians[value] = one.measured.median_ns
        found = knee(medians, GAIN) if len(medians) >= _FEWEST_VALUES else None
        if found is not None:
            yield Knee(best.summary, tunable, found, max(medians))


def _whole(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _others(tunables: Mapping[str, Value], leave_out: str) -> dict[str, Value]:
    return {name: value for name, value in tunables.items() if name != leave_out}
