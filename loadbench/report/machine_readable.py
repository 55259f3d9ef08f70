"""Reports for programs: JSON and CSV, with raw integers (ns, bytes) and everything that the tables show."""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from loadbench.analysis.best import Contest
from loadbench.analysis.measured import Measured
from loadbench.analysis.notes import notes
from loadbench.analysis.summary import CaseSummary
from loadbench.records import Value
from loadbench.report.findings import Findings
from loadbench.report.text import visible

REPORT_VERSION = 1
# Format history of `loadbench report --format json`.
# 1 - (loadbench 0.1.0) the first.

_CSV_COLUMNS = (
    "run", "test", "loader", "checkpoint", "device", "cache_requested", "contract", "dtype", "tunables",
    "is_ceiling", "n", "load_median_ns", "load_low_ns", "load_high_ns", "interval_kind", "load_min_ns", "load_max_ns",
    "process_median_ns", "payload_bytes", "delivered_bytes", "storage_read_bytes", "gb_per_s", "gib_per_s",
    "cache_before", "cache_verified", "bytes_verified", "path_requested", "path_effective", "ceiling_share",
    "rss_peak_bytes", "device_peak_bytes", "cache_left_bytes", "major_faults", "settings",
    "failed", "timeout", "skipped", "disturbed", "invalid", "missing_rounds", "notes",
)  # fmt: skip
_FORMULA_START = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def as_json(runs: Iterable[Findings]) -> str:
    """One object with all runs. Pure ASCII, so that no name in it can act on a terminal."""
    report = {"report_version": REPORT_VERSION, "runs": [_run(findings) for findings in runs]}
    return json.dumps(_finite(report), indent=1, allow_nan=False) + "\n"


def as_csv(runs: Iterable[Findings]) -> str:
    """One line a case. An empty cell is a figure that does not exist."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for findings in runs:
        for summary in findings.summaries:
            row = {"run": findings.stored.run.name, **_case_cells(summary), **_figure_cells(summary)}
            writer.writerow([_cell(row.get(column)) for column in _CSV_COLUMNS])
    return text.getvalue()


def _run(findings: Findings) -> dict[str, Any]:
    run = findings.stored.run.model_dump(mode="json")
    del run["plan"]["cases"]  # Every planned case is among the cases below.
    return {
        "path": str(findings.stored.path),
        "warnings": findings.warnings,
        "run": run,
        "best_observed": [_contest(contest) for contest in findings.contests],
        "cases": [_case(summary) for summary in findings.summaries],
    }


def _contest(contest: Contest) -> dict[str, Any]:
    return {
        "condition": asdict(contest.condition),
        "best": [
            {
                "test": best.summary.number,
                "loader": best.summary.case.loader,
                "cases": best.cases,
                "level_tests": [other.number for other in best.level],
                "level_with_fastest": best.level_with_fastest,
            }
            for best in contest.best
        ],
        "without_figure": [summary.case.loader for summary in contest.without],
    }


def _case(summary: CaseSummary) -> dict[str, Any]:
    return {
        "test": summary.number,
        "name": summary.case.name,
        "case": summary.case.model_dump(mode="json"),
        "is_ceiling": summary.is_ceiling,
        "ceiling_share": summary.ceiling_share,
        "measured": _measured(summary.measured) if summary.measured else None,
        "not_counted": [asdict(outcome) for outcome in summary.outcomes],
        "missing_rounds": summary.missing_rounds,
        "notes": notes(summary),
    }


def _measured(measured: Measured) -> dict[str, Any]:
    return {
        "n": measured.n,
        **asdict(measured),
        "min_ns": min(measured.samples_ns),
        "max_ns": max(measured.samples_ns),
        "gb_per_s": measured.gb_per_s,
        "gib_per_s": measured.gib_per_s,
    }


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
        "tunables": _pairs(case.tunables),
        "is_ceiling": summary.is_ceiling,
        "n": summary.measured.n if summary.measured else 0,
        "ceiling_share": summary.ceiling_share,
        **{name: sum(out.count for out in summary.outcomes if out.status == name) for name in statuses},
        "missing_rounds": summary.missing_rounds,
        "notes": "; ".join(notes(summary)),
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
        "settings": _pairs(measured.settings),
    }


def _pairs(settings: dict[str, Value]) -> str:
    return " ".join(f"{name}={json.dumps(value)}" for name, value in sorted(settings.items()))


def _cell(value: Any) -> Any:
    """Text that a spreadsheet does not run: a leading `'` makes a formula text. Figures stay figures."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA_START) else shown


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value
