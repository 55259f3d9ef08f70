"""What all questions to stored runs have in common: the form of a verdict, and what decides before any figure."""

from collections.abc import Sequence
from typing import Any

from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.summary import CaseSummary
from loadbench.gate.decision import TOO_GOOD
from loadbench.gate.measured_run import MeasuredRun
from loadbench.gate.result import CaseResult, Question, Rules, Verdict
from loadbench.records import Case, name_value
from loadbench.units import NS, human_seconds

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


def too_good(ratio: float, rules: Rules) -> str:
    """Why so large a gain is not believed; empty if it is, or is none."""
    if ratio >= TOO_GOOD or rules.accept_improvement:
        return ""
    return (
        f"takes {100 * ratio:.0f} % of the time it took, and such a gain is rarely true: check it, then "
        "--accept-improvement"
    )


def too_little(more_ns: float, rules: Rules) -> str:
    """That a slowdown is too short to matter; empty if it is not."""
    if more_ns >= rules.least_ns:
        return ""
    return (
        f"that is {human_seconds(more_ns / NS)} only, and less than {human_seconds(rules.least_ns / NS)} is no matter"
    )


def too_coarse(least: float | None, rules: Rules) -> str:
    """That a slowdown of the size asked for would not have been found; empty if it would."""
    if least is None:
        return "with so few trials no slowdown could have been found"
    if least > rules.detect:
        return (
            f"no slowdown below {100 * least:.0f} % would have been found, and {100 * rules.detect:g} % was asked for"
        )
    return ""


def change_text(ratio: float, low: float, high: float) -> str:
    """`+12.3 % [+8.1 %, +17.0 %]`."""
    estimate, *ends = (f"{100 * (value - 1):+.1f} %" for value in (ratio, low, high))
    return f"{estimate} [{', '.join(ends)}]"


def holm_limits(p_values: Sequence[float], alpha: float) -> list[float]:
    """What Holm's procedure holds each p-value against, in the given order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    ranks = {index: rank for rank, index in enumerate(order)}
    return [alpha / (len(p_values) - ranks[index]) for index in range(len(p_values))]
