"""Trends for programs. Times are ns, changes and noise shares."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from loadbench.report.trend import CaseTrend, DatedStep, MachineTrend

TREND_VERSION = 1
# Format history of `loadbench trend --format json`.
# 1 - (loadbench 0.2.0) the first.


def trend_json(trends: Sequence[MachineTrend]) -> str:
    """One object. Pure ASCII, so that no name in it can act on a terminal."""
    content = {"trend_version": TREND_VERSION, "machines": [_machine(trend) for trend in trends]}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _machine(trend: MachineTrend) -> dict[str, Any]:
    return {
        "machine": trend.machine,
        "notes": trend.notes,
        "runs": [
            {"name": run.run.name, "started_at": run.started_at, "path": str(run.stored.path)} for run in trend.runs
        ],
        "cases": [_case(case) for case in trend.cases],
        "cases_in_one_run": trend.single,
    }


def _case(case: CaseTrend) -> dict[str, Any]:
    return {
        "name": case.case.name,
        "case": case.case.model_dump(mode="json"),
        "is_ceiling": case.is_ceiling,
        "noise": case.levels.noise,
        "points": [
            {
                "run": point.run.run.name,
                "started_at": point.run.started_at,
                "median_ns": point.median_ns,
                "n": point.n,
                "versions": _versions(point.run.run.loaders[case.case.loader].versions)
                if case.case.loader in point.run.run.loaders
                else {},
            }
            for point in case.points
        ],
        "steps": [_step(step) for step in case.steps],
    }


def _versions(versions: dict[str, str]) -> dict[str, str]:
    return dict(sorted(versions.items()))


def _step(step: DatedStep) -> dict[str, Any]:
    return {
        "at": step.after.started_at,
        "change": step.step.change,
        "before": step.before.run.name,
        "after": step.after.run.name,
        "changes": [asdict(change) for change in step.changes],
    }
