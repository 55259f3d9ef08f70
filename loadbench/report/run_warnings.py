"""What puts a run as a whole in doubt. It stands before any figure."""

from collections.abc import Sequence

from loadbench.analysis.notes import drift_text, faster_than_ceiling, imprecise
from loadbench.analysis.summary import CaseSummary
from loadbench.analysis.verdict import inconclusive
from loadbench.records import Run
from loadbench.report.cells import case_text
from loadbench.report.text import count, short
from loadbench.store import StoredRun
from loadbench.units import human_duration

CHANCE = 0.05
"""Share of steady cases whose trend seems certain all the same: its interval covers 95 %."""


def run_warnings(stored: StoredRun, summaries: Sequence[CaseSummary]) -> tuple[str, ...]:
    """Warnings in the order of weight: a verdict, damaged files, wrong bytes, missing proof, drift, missing trials."""
    verdict = inconclusive(stored.records)
    return (
        *([verdict] if verdict else []),
        *stored.warnings,
        *_wrong_bytes(summaries),
        *_unproved(summaries),
        *_drift(stored.run, summaries),
        *_scatter(summaries),
        *_incomplete(stored.run, summaries),
    )


def _wrong_bytes(summaries: Sequence[CaseSummary]) -> list[str]:
    trials: dict[str, int] = {}
    for summary in summaries:
        invalid = sum(outcome.count for outcome in summary.outcomes if outcome.status == "invalid")
        if invalid:
            trials[summary.case.loader] = trials.get(summary.case.loader, 0) + invalid
    return [
        f"{short(loader)} delivered wrong bytes in {count(invalid, 'trial')}: they have no score"
        for loader, invalid in trials.items()
    ]


def _unproved(summaries: Sequence[CaseSummary]) -> list[str]:
    measured = [(summary, summary.measured) for summary in summaries if summary.measured]
    doubts = {
        "the cache state was not verified": sum(not its.cache_verified for _, its in measured),
        "the bytes were not verified": sum(not its.bytes_verified for _, its in measured),
        "trials differ in what should be the same": sum(bool(its.differing) for _, its in measured),
        "rounds are recorded more than once": sum(len(set(its.rounds)) < its.n for _, its in measured),
        "the load is faster than its ceiling": sum(faster_than_ceiling(summary) for summary, _ in measured),
    }
    return [f"{what} in {count(cases, 'case')}: see the notes" for what, cases in doubts.items() if cases]


def _drift(run: Run, summaries: Sequence[CaseSummary]) -> list[str]:
    """A sentinel does the same in every round: where its time moves, the machine moved."""
    return [
        f"the machine drifted: {case_text(summary.case, run.loaders)} was {drift_text(trend)}"
        for summary in summaries
        if summary.is_sentinel and summary.measured and (trend := summary.measured.trend) and trend.unsteady
    ]


def _scatter(summaries: Sequence[CaseSummary]) -> list[str]:
    trends = [its.trend for summary in summaries if not summary.is_sentinel and (its := summary.measured) and its.trend]
    unsteady = sum(trend.unsteady for trend in trends)
    found = []
    if unsteady > CHANCE * len(trends):
        found.append(f"{unsteady} of {count(len(trends), 'case')} UNSTEADY over the run: see the notes")
    wide = sum(imprecise(summary) for summary in summaries)
    if wide:
        found.append(f"{count(wide, 'case')} not as precise as wanted: see the notes")
    return found


def _incomplete(run: Run, summaries: Sequence[CaseSummary]) -> list[str]:
    missing = sum(summary.missing_rounds for summary in summaries)
    found = []
    if not any(summary.measured for summary in summaries):
        tried = any(summary.outcomes for summary in summaries)
        found.append("no trial counts: see Not counted" if tried else "no trial has been recorded yet")
    if missing:
        budget = f"the time budget{_budget(run)} was up" if run.sessions[-1].ended == "budget" else ""
        trials = count(missing, "planned trial")
        why = budget or "the run is not complete"
        found.append(f"{why}: {trials} not recorded (loadbench sweep --resume --out DIR continues it)")
    return found


def _budget(run: Run) -> str:
    return "" if run.plan.budget_s is None else f" of {human_duration(run.plan.budget_s)}"
