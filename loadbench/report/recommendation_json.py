"""Recommendations for programs. Times are nanoseconds, sizes bytes."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from loadbench.analysis.notes import doubts
from loadbench.analysis.recommendation import RULE, Member
from loadbench.report.advice import Advice
from loadbench.report.findings import Findings
from loadbench.report.machine_readable import finite

RECOMMENDATION_VERSION = 1
# Format history of `loadbench recommend --format json`.
# 1 - (loadbench 0.2.0) the first.


def recommendations_json(runs: Iterable[tuple[Findings, tuple[Advice, ...]]]) -> str:
    """One object with all runs. Pure ASCII, so that no name in it can act on a terminal."""
    content = {
        "recommendation_version": RECOMMENDATION_VERSION,
        "rule": RULE,
        "runs": [
            {
                "path": str(findings.stored.path),
                "name": findings.stored.run.name,
                "warnings": findings.warnings,
                "conditions": [_condition(one, findings) for one in advice],
            }
            for findings, advice in runs
        ],
    }
    return json.dumps(finite(content), indent=1, allow_nan=False) + "\n"


def _condition(advice: Advice, findings: Findings) -> dict[str, Any]:
    found = advice.recommendation
    numbers = {member.standing.summary.number for member in found.members}
    return {
        "condition": asdict(found.contest.condition),
        "refusal": found.refusal or None,
        "recommended": _member(found.chosen) if found.chosen else None,
        "top_set": [_member(member) for member in found.members],
        "cases_tested": found.contest.tested,
        "knees": [
            {"test": knee.best.number, "tunable": knee.tunable, "value": knee.value, "largest": knee.largest}
            for knee in findings.knees
            if knee.best.number in numbers
        ],
        "recipes": [asdict(recipe) for recipe in advice.recipes],
        "no_recipes": advice.no_recipes or None,
        "measure_again": asdict(advice.again) if advice.again else None,
    }


def _member(member: Member) -> dict[str, Any]:
    summary, its = member.standing.summary, member.standing.measured
    bounds = summary.bounds
    return {
        "test": summary.number,
        "loader": summary.case.loader,
        "tunables": summary.case.tunables,
        "settings": its.settings,
        "in_flight": member.workers,
        "peak_memory_bytes": member.memory_bytes,
        "load_median_ns": its.median_ns,
        "interval_ns": [its.interval.low, its.interval.high],
        "n": its.n,
        "times_fastest": member.standing.times_best.estimate,
        "ceiling_share": summary.ceiling_share,
        "ceiling_stage": bounds.lower.stage if bounds else None,
        "bottleneck": summary.bottleneck,
        "doubts": doubts(summary),
    }
