"""What puts a run as a whole in doubt. It stands before any figure."""

from collections.abc import Sequence

from loadbench.analysis.notes import TOO_GOOD
from loadbench.analysis.summary import CaseSummary
from loadbench.report.text import count, short

MOST_DISTURBED = 0.25
"""Above this share of disturbed trials the machine was too busy for its figures to mean much."""


def run_warnings(stored: Sequence[str], summaries: Sequence[CaseSummary]) -> tuple[str, ...]:
    """Warnings in the order of weight: damaged files, wrong bytes, missing proof, missing trials."""
    return (
        *stored,
        *_wrong_bytes(summaries),
        *_unproved(summaries),
        *_disturbed(summaries),
        *_incomplete(summaries),
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
        "the load is faster than its ceiling": sum((summary.ceiling_share or 0) > TOO_GOOD for summary, _ in measured),
    }
    return [f"{what} in {count(cases, 'case')}: see the notes" for what, cases in doubts.items() if cases]


def _disturbed(summaries: Sequence[CaseSummary]) -> list[str]:
    outcomes = [outcome for summary in summaries for outcome in summary.outcomes]
    disturbed = sum(outcome.count for outcome in outcomes if outcome.status == "disturbed")
    trials = sum(outcome.count for outcome in outcomes) + sum(s.measured.n for s in summaries if s.measured)
    if disturbed <= MOST_DISTURBED * trials:
        return []
    return [f"{disturbed} of {count(trials, 'trial')} were disturbed: the machine was not quiet enough"]


def _incomplete(summaries: Sequence[CaseSummary]) -> list[str]:
    missing = sum(summary.missing_rounds for summary in summaries)
    found = []
    if not any(summary.measured for summary in summaries):
        tried = any(summary.outcomes for summary in summaries)
        found.append("no trial counts: see Not counted" if tried else "no trial has been recorded yet")
    if missing:
        trials = count(missing, "planned trial")
        found.append(f"the run is not complete: {trials} not recorded (loadbench sweep --resume continues it)")
    return found
