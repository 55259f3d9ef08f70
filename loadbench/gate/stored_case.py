"""What all questions to stored runs have in common: the form of a verdict, and what decides before any figure."""

from typing import Any

from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.summary import CaseSummary
from loadbench.gate.measured_run import MeasuredRun
from loadbench.gate.result import CaseResult, Question, Verdict
from loadbench.records import Case, name_value

HEAD = "the candidate"


def case_result(case: Case, question: Question, verdict: Verdict, reason: str, **figures: Any) -> CaseResult:
    """A verdict on a case."""
    return CaseResult(
        name=case.name,
        question=question,
        verdict=verdict,
        reason=reason,
        loader=case.loader,
        checkpoint=case.checkpoint,
        cache=case.cache,
        settings=" ".join(f"{name}={name_value(value)}" for name, value in sorted(case.tunables.items())),
        **figures,
    )


def before_figures(run: MeasuredRun, summary: CaseSummary, side: str = HEAD) -> tuple[Verdict, str] | None:
    """The verdict on a case whose figure must not be compared at all; None where it may be."""
    if why := run.trouble(side, summary):
        return "INVALID", why
    measured = summary.measured
    if measured is None:
        return "INCONCLUSIVE", f"{side} has no trial that counts"
    if measured.n < SMALLEST_SAMPLE:
        return "INCONCLUSIVE", f"{side} has {measured.n} trials that count: fewer than {SMALLEST_SAMPLE} say too little"
    if len(set(measured.samples_ns)) == 1:
        return "INVALID", f"all times of {side} are the same to the nanosecond: these were not measured"
    if why := run.doubt(summary):
        return "INCONCLUSIVE", f"{side} is in doubt: {why}"
    return None
