"""JSON as `hyperfine --export-json` writes it: one result for each case, with the time of every trial. Seconds.

What hyperfine itself leaves open stays open: `stddev` of one trial is left out, hyperfine writes a null.
"""

import json
from statistics import fmean, stdev
from typing import Any

from loadbench.export.figures import Exported, Figure
from loadbench.export.names import part
from loadbench.records import name_value
from loadbench.units import NS


def as_hyperfine(exported: Exported) -> str:
    """The cases as commands, their conditions and tunables as parameters."""
    results = [_result(figure) for figure in exported.figures]
    return json.dumps({"results": results}, indent=2, allow_nan=False) + "\n"


def _result(figure: Figure) -> dict[str, Any]:
    times = [trial.seconds for trial in figure.trials]
    counters = [trial.counters for trial in figure.trials if trial.counters is not None]
    result: dict[str, Any] = {"command": figure.name, "mean": _rounded(fmean(times))}
    if len(times) > 1:
        result["stddev"] = _rounded(stdev(times))
    result["median"] = figure.seconds
    if counters:
        result["user"] = _rounded(fmean(counter.user_ns for counter in counters) / NS)
        result["system"] = _rounded(fmean(counter.system_ns for counter in counters) / NS)
    result |= {"min": min(times), "max": max(times), "times": times}
    if len(counters) == len(times):
        result["memory_usage_byte"] = [counter.rss_peak_bytes for counter in counters]
    return {**result, "exit_codes": [0] * len(times), "parameters": _parameters(figure)}


def _rounded(seconds: float) -> float:
    """To a nanosecond: below it the versions of Python differ."""
    return round(seconds, 9)


def _parameters(figure: Figure) -> dict[str, str]:
    case = figure.case
    conditions = {name: part(getattr(case, name)) for name in ("loader", "checkpoint", "device", "cache", "contract")}
    tunables = {part(name): part(name_value(value)) for name, value in sorted(case.tunables.items())}
    return {**tunables, **conditions, "dtype": part(case.dtype)}
