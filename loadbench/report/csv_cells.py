"""The cells of one case in a CSV report: raw figures, and text that no spreadsheet runs."""

import json
import math
from collections.abc import Mapping
from typing import Any

from loadbench.analysis.best import Standing
from loadbench.analysis.measured import Measured
from loadbench.analysis.notes import faster_than_ceiling, notes
from loadbench.analysis.ratio import Ratio
from loadbench.analysis.summary import CaseSummary
from loadbench.analysis.trend import Trend
from loadbench.records import Value
from loadbench.report.text import visible

CSV_COLUMNS = (
    "run", "test", "loader", "checkpoint", "device", "cache_requested", "contract", "dtype", "tunables",
    "is_ceiling", "n", "load_median_ns", "load_low_ns", "load_high_ns", "interval_kind", "load_min_ns", "load_max_ns",
    "process_median_ns", "payload_bytes", "delivered_bytes", "storage_read_bytes", "gb_per_s", "gib_per_s",
    "cache_before", "cache_verified", "bytes_verified", "path_requested", "path_effective", "ceiling_share",
    "rss_peak_bytes", "device_peak_bytes", "cache_left_bytes", "major_faults", "settings",
    "failed", "timeout", "skipped", "disturbed", "invalid", "missing_rounds", "notes",
    "is_sentinel", "bound_ns", "bound_stage", "bound_sum_ns", "bottleneck", "faster_than_ceiling",
    "times_best", "times_best_low", "times_best_high", "in_top_set", "precision_reached", "precision_wanted",
    "drift", "drift_low", "drift_high", "unsteady", "mode_fast_ns", "mode_slow_ns", "mode_slow_share", "outliers",
)  # fmt: skip
_FORMULA_START = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def csv_row(run: str, summary: CaseSummary, standing: Standing | None) -> list[Any]:
    """The cells below `CSV_COLUMNS`; None for a figure that does not exist."""
    row = {
        "run": run,
        **_case_cells(summary),
        **_figure_cells(summary),
        **_bound_cells(summary),
        **_standing_cells(standing),
        **_shape_cells(summary.measured),
    }
    return [csv_cell(row.get(column)) for column in CSV_COLUMNS]


def ratio_values(ratio: Ratio) -> dict[str, float | None]:
    """A ratio with its interval, None where the samples are too small for one."""
    known = math.isfinite(ratio.high)
    return {
        "estimate": _rounded(ratio.estimate),
        "low": _rounded(ratio.low) if known else None,
        "high": _rounded(ratio.high) if known else None,
    }


def trend_values(trend: Trend) -> dict[str, float | bool]:
    """A trend with its interval and its verdict."""
    ends = {"drift": trend.drift, "low": trend.low, "high": trend.high}
    return {**{name: _rounded(value) for name, value in ends.items()}, "unsteady": trend.unsteady}


def _rounded(value: float) -> float:
    """Six decimals: what lies behind is the rounding of logarithms, and not the same on every machine."""
    return round(value, 6)


def _case_cells(summary: CaseSummary) -> dict[str, Any]:
    case = summary.case
    statuses = ("failed", "timeout", "skipped", "disturbed", "invalid")
    return {
        "test": summary.number,
        "loader": case.loader,
        "checkpoint": case.checkpoint,
        "device": case.device,
        "cache_requested": case.cache,
        "contract": case.contract,
        "dtype": case.dtype,
        "tunables": pairs(case.tunables),
        "is_ceiling": summary.is_ceiling,
        "n": summary.measured.n if summary.measured else 0,
        "ceiling_share": summary.ceiling_share,
        **{name: sum(out.count for out in summary.outcomes if out.status == name) for name in statuses},
        "missing_rounds": summary.missing_rounds,
        "notes": "; ".join(notes(summary)),
        "is_sentinel": summary.is_sentinel,
        "bottleneck": summary.bottleneck,
        "faster_than_ceiling": faster_than_ceiling(summary),
        "precision_reached": summary.precision.reached if summary.precision else None,
        "precision_wanted": summary.precision.wanted if summary.precision else None,
    }


def _figure_cells(summary: CaseSummary) -> dict[str, Any]:
    measured = summary.measured
    if measured is None:
        return {}
    return {
        "load_median_ns": measured.median_ns,
        "load_low_ns": measured.interval.low,
        "load_high_ns": measured.interval.high,
        "interval_kind": measured.interval.kind,
        "load_min_ns": min(measured.samples_ns),
        "load_max_ns": max(measured.samples_ns),
        "process_median_ns": measured.process_median_ns,
        "payload_bytes": measured.payload_bytes,
        "delivered_bytes": measured.delivered_bytes,
        "storage_read_bytes": measured.storage_read_bytes,
        "gb_per_s": measured.gb_per_s,
        "gib_per_s": measured.gib_per_s,
        "cache_before": measured.cache,
        "cache_verified": measured.cache_verified,
        "bytes_verified": measured.bytes_verified,
        "path_requested": "+".join(measured.requested_paths),
        "path_effective": "+".join(measured.effective_paths),
        "rss_peak_bytes": measured.rss_peak_bytes,
        "device_peak_bytes": measured.device_peak_bytes,
        "cache_left_bytes": measured.cache_left_bytes,
        "major_faults": measured.major_faults,
        "settings": pairs(measured.settings),
        "outliers": len(measured.outliers),
    }


def _bound_cells(summary: CaseSummary) -> dict[str, Any]:
    bounds = summary.bounds
    if bounds is None:
        return {}
    return {"bound_ns": bounds.lower.ns, "bound_stage": bounds.lower.stage, "bound_sum_ns": bounds.sum_ns}


def _standing_cells(standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {}
    ratio = ratio_values(standing.times_best)
    return {
        "times_best": ratio["estimate"],
        "times_best_low": ratio["low"],
        "times_best_high": ratio["high"],
        "in_top_set": standing.in_top_set,
    }


def _shape_cells(measured: Measured | None) -> dict[str, Any]:
    trend = trend_values(measured.trend) if measured and measured.trend else {}
    modes = measured.modes if measured else None
    return {
        "drift": trend.get("drift"),
        "drift_low": trend.get("low"),
        "drift_high": trend.get("high"),
        "unsteady": trend.get("unsteady"),
        "mode_fast_ns": modes.fast_ns if modes else None,
        "mode_slow_ns": modes.slow_ns if modes else None,
        "mode_slow_share": modes.slow_share if modes else None,
    }


def pairs(settings: Mapping[str, Value]) -> str:
    """Settings as `name="value"`, each value as in JSON."""
    return " ".join(f"{name}={json.dumps(value)}" for name, value in sorted(settings.items()))


def csv_cell(value: Any) -> Any:
    """Text that a spreadsheet does not run: a leading `'` makes a formula text. Figures stay figures."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA_START) else shown
