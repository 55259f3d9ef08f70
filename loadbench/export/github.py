"""Entries for the action benchmark-action/github-action-benchmark: one direction a file.

Names and units are fixed: the action finds an entry's predecessor by its name and compares bare numbers.
Schema: `BenchmarkResult` in its src/extract.ts. It reads a null as 0, so what is not known is left out.
"""

import json
from typing import Any

from loadbench.export.figures import Exported, Figure, spread

Entry = dict[str, Any]


def smaller_is_better(exported: Exported) -> str:
    """customSmallerIsBetter: median load in s and peak resident memory in MB (10⁶ bytes)."""
    entries: list[Entry] = []
    for figure in exported.figures:
        entries.append(_timed(figure, "load", "s", figure.seconds, figure.bounds_s))
        peak = figure.measured.rss_peak_bytes
        if peak is not None:
            extra = f"n={figure.measured.n} cache={figure.measured.cache}"
            entries.append({"name": f"{figure.name} peak memory", "unit": "MB", "value": peak / 1e6, "extra": extra})
    return _written(entries)


def bigger_is_better(exported: Exported) -> str:
    """customBiggerIsBetter: bandwidth of the median load in GB/s (10⁹ bytes)."""
    return _written(
        [
            _timed(figure, "bandwidth", "GB/s", figure.measured.gb_per_s, figure.bounds_gb_per_s)
            for figure in exported.figures
        ]
    )


def _timed(figure: Figure, what: str, unit: str, value: float, bounds: tuple[float, float] | None) -> Entry:
    entry: Entry = {"name": f"{figure.name} {what}", "unit": unit, "value": float(f"{value:.6g}")}
    if bounds is not None:
        entry["range"] = f"± {spread(value, bounds):.2g}"
    return {**entry, "extra": _extra(figure, bounds)}


def _extra(figure: Figure, bounds: tuple[float, float] | None) -> str:
    """`n=12 CI95=[3.37,3.50] cache=cold ceiling=71%`; `range=` where the trials are too few for an interval."""
    parts = [f"n={figure.measured.n}"]
    if bounds is not None:
        kind = "CI95" if figure.measured.interval.kind == "95 %" else "range"
        parts.append(f"{kind}=[{bounds[0]:.4g},{bounds[1]:.4g}]")
    parts.append(f"cache={figure.measured.cache}")
    if figure.ceiling_share is not None:
        parts.append(f"ceiling={100 * figure.ceiling_share:.0f}%")
    return " ".join(parts)


def _written(entries: list[Entry]) -> str:
    return json.dumps(entries, indent=1, allow_nan=False) + "\n"
