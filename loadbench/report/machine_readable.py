"""Reports for programs: JSON and CSV, with raw integers (ns, bytes) and everything that the tables show."""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from loadbench.analysis.best import Contest, Standing, possible
from loadbench.analysis.ceilings import Bounds
from loadbench.analysis.measured import Measured
from loadbench.analysis.notes import faster_than_ceiling, notes
from loadbench.analysis.summary import CaseSummary
from loadbench.report.ceiling_tables import CeilingRow
from loadbench.report.csv_cells import CSV_COLUMNS, csv_row, ratio_values, trend_values
from loadbench.report.findings import Findings
from loadbench.report.knees import Knee

REPORT_VERSION = 2
# Format history of `loadbench report --format json`.
# 1 - (loadbench 0.1.0) the first.
# 2 - (loadbench 0.2.0) bounds, precision, trend, modes and outliers of a case; standings, ceilings, knees, resolutions.
#     level_tests and level_with_fastest tell the top set instead of overlapping intervals.


def as_json(runs: Iterable[Findings]) -> str:
    """One object with all runs. Pure ASCII, so that no name in it can act on a terminal."""
    report = {"report_version": REPORT_VERSION, "runs": [_run(findings) for findings in runs]}
    return json.dumps(finite(report), indent=1, allow_nan=False) + "\n"


def as_csv(runs: Iterable[Findings]) -> str:
    """One line a case. An empty cell is a figure that does not exist."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for findings in runs:
        standings = _standings(findings)
        for summary in findings.summaries:
            writer.writerow(csv_row(findings.stored.run.name, summary, standings.get(summary.number)))
    return text.getvalue()


def _run(findings: Findings) -> dict[str, Any]:
    run = findings.stored.run.model_dump(mode="json")
    del run["plan"]["cases"]  # Every planned case is among the cases below.
    standings = _standings(findings)
    return {
        "path": str(findings.stored.path),
        "warnings": findings.warnings,
        "run": run,
        "best_observed": [_contest(contest, findings) for contest in findings.contests],
        "ceilings": [_ceiling(row) for row in findings.ceiling_rows],
        "knees": [_knee(knee) for knee in findings.knees],
        "detectable": [asdict(resolution) for resolution in findings.resolutions],
        "cases": [_case(summary, standings.get(summary.number)) for summary in findings.summaries],
    }


def _standings(findings: Findings) -> dict[int, Standing]:
    return {standing.summary.number: standing for contest in findings.contests for standing in contest.standings}


def _contest(contest: Contest, findings: Findings) -> dict[str, Any]:
    bounds = possible(contest, findings.ceilings)
    return {
        "condition": asdict(contest.condition),
        "bounds": _bounds(bounds) if bounds else None,
        "top_set_tests": [standing.summary.number for standing in contest.top_set],
        "cases_tested": contest.tested,
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


def _ceiling(row: CeilingRow) -> dict[str, Any]:
    return {**asdict(row), "gb_per_s": row.gb_per_s, "gib_per_s": row.gib_per_s}


def _knee(knee: Knee) -> dict[str, Any]:
    return {"test": knee.best.number, "tunable": knee.tunable, "value": knee.value, "largest": knee.largest}


def _case(summary: CaseSummary, standing: Standing | None) -> dict[str, Any]:
    return {
        "test": summary.number,
        "name": summary.case.name,
        "case": summary.case.model_dump(mode="json"),
        "is_ceiling": summary.is_ceiling,
        "is_sentinel": summary.is_sentinel,
        "ceiling_share": summary.ceiling_share,
        "bounds": _bounds(summary.bounds) if summary.bounds else None,
        "bottleneck": summary.bottleneck,
        "faster_than_ceiling": faster_than_ceiling(summary),
        "times_best": ratio_values(standing.times_best) if standing else None,
        "in_top_set": standing.in_top_set if standing else None,
        "precision": asdict(summary.precision) if summary.precision else None,
        "measured": _measured(summary.measured) if summary.measured else None,
        "not_counted": [asdict(outcome) for outcome in summary.outcomes],
        "missing_rounds": summary.missing_rounds,
        "missing_reason": summary.missing_reason,
        "notes": notes(summary),
    }


def _bounds(bounds: Bounds) -> dict[str, Any]:
    return {
        "lower_ns": bounds.lower.ns,
        "stage": bounds.lower.stage,
        "sum_ns": bounds.sum_ns,
        "stages_ns": {bound.stage: bound.ns for bound in bounds.stages},
    }


def _measured(measured: Measured) -> dict[str, Any]:
    return {
        "n": measured.n,
        **asdict(measured),
        "trend": trend_values(measured.trend) if measured.trend else None,
        "min_ns": min(measured.samples_ns),
        "max_ns": max(measured.samples_ns),
        "gb_per_s": measured.gb_per_s,
        "gib_per_s": measured.gib_per_s,
    }


def finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [finite(item) for item in value]
    return value
