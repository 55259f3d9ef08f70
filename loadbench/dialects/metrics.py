"""A gate's result as OpenMetrics text: GitLab's metrics report, or a file for the node exporter.

GitLab compares values with those of the target branch as strings, so that any digit of noise shows as a change.
Values are therefore rounded to the half-width of their intervals. Its reader takes everything behind a `#` for a
comment, also inside a label, and takes the line apart as a shell does.
"""

from collections.abc import Callable, Iterator, Sequence
from math import isfinite

from loadbench.analysis.statistics import interval, median
from loadbench.dialects.words import Row, line, rows
from loadbench.export.openmetrics import rounded
from loadbench.gate.result import CaseResult, GateResult
from loadbench.units import NS

_FINEST = 0.001
_UNKNOWN = 0.05
"""The half-width that is taken for a value without an interval, as a share of it."""


def metrics(result: GateResult) -> str:
    """The exposition: base, head and ratio of every case that has them."""
    found = [row for row in rows(result) if row.case]
    families: tuple[tuple[str, str, str, Callable[[CaseResult], str]], ...] = (
        ("base_seconds", "seconds", "median load time of the baseline", lambda case: _time(case.base_ns)),
        ("head_seconds", "seconds", "median load time of the candidate", lambda case: _time(case.head_ns)),
        ("ratio", "ratio", "time of the candidate over time of the baseline", _ratio),
    )
    lines: list[str] = []
    for end, unit, meaning, value in families:
        name = f"loadbench_gate_{end}"
        lines += [f"# TYPE {name} gauge", f"# UNIT {name} {unit}", f"# HELP {name} {meaning}"]
        lines += _samples(name, found, value)
    return "\n".join([*lines, "# EOF"]) + "\n"


def quantised(value: float, half_width: float) -> str:
    """The value in steps that its half-width sets, as in the export of a run, but never finer than its thousandth."""
    return rounded(value, max(half_width, _FINEST * value))


def _samples(name: str, found: Sequence[Row], value: Callable[[CaseResult], str]) -> Iterator[str]:
    for row in found:
        if row.case and (text := value(row.case)):
            yield f"{name}{{{_labels(row, row.case)}}} {text}"


def _labels(row: Row, case: CaseResult) -> str:
    labels = {"case": row.name, "loader": case.loader, "checkpoint": case.checkpoint, "cache": case.cache}
    return ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())


def _escaped(text: str) -> str:
    return line(text).replace("#", r"\x23").replace("\\", r"\\").replace('"', r"\"")


def _time(times: Sequence[int]) -> str:
    """The median in seconds; empty if there is none."""
    if not times or median(times) <= 0:
        return ""
    middle, spread = median(times), interval(times)
    half_width = _UNKNOWN * middle if spread.kind == "single" else (spread.high - spread.low) / 2
    return quantised(middle / NS, half_width / NS)


def _ratio(case: CaseResult) -> str:
    if case.ratio is None or not isfinite(case.ratio) or case.ratio <= 0:
        return ""
    known = case.low is not None and case.high is not None and isfinite(case.high - case.low)
    return quantised(case.ratio, ((case.high or 0) - (case.low or 0)) / 2 if known else _UNKNOWN * case.ratio)
