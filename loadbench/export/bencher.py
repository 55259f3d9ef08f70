"""Bencher Metric Format: https://bencher.dev/docs/reference/bencher-metric-format.

Measures of our own with the unit in their names, as Bencher's `latency` is ns and its `throughput` operations a second.
"""

import json

from loadbench.export.figures import Exported, Figure

Metric = dict[str, float]


def as_bencher(exported: Exported) -> str:
    """Median load, bandwidth and peak memory of each case, with the interval where there is one."""
    metrics = {figure.name: _measures(figure) for figure in exported.figures}
    return json.dumps(metrics, indent=1, allow_nan=False) + "\n"


def _measures(figure: Figure) -> dict[str, Metric]:
    measures = {
        "load-seconds": _metric(figure.seconds, figure.bounds_s),
        "bandwidth-gb-per-s": _metric(figure.measured.gb_per_s, figure.bounds_gb_per_s),
    }
    if figure.measured.rss_peak_bytes is not None:
        measures["peak-memory-bytes"] = _metric(figure.measured.rss_peak_bytes, None)
    return measures


def _metric(value: float, bounds: tuple[float, float] | None) -> Metric:
    if bounds is None:
        return {"value": value}
    return {"value": value, "lower_value": bounds[0], "upper_value": bounds[1]}
