"""Samples of a case in two stored runs, tested: times, or ratios to a reference loader's times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadbench.analysis.multiple import holm, holm_limits
from loadbench.analysis.power import detectable, residuals
from loadbench.analysis.ratio import Ratio, ratio, slower_p
from loadbench.gate.measured_run import CaseKey, MeasuredRun
from loadbench.gate.result import CaseResult, Question, Rules
from loadbench.gate.stored_case import case_result
from loadbench.records import Case


@dataclass(frozen=True)
class Compared:
    """A case in both runs: what is compared, and the times behind it. ns; a ratio of 1 is 10⁹."""

    base: Sequence[int]
    head: Sequence[int]
    base_ns: Sequence[int]
    head_ns: Sequence[int]


@dataclass(frozen=True)
class Test:
    """The exact Mann-Whitney test of one case with the margin, after Holm over all cases."""

    found: Ratio
    p: float
    limit: float
    slower: bool
    detectable: float | None
    """The smallest slowdown that is found in 4 of 5 cases, by the scatter inside the two runs."""

    def figures(self, samples: Compared) -> dict[str, object]:
        """What of it a verdict carries."""
        return {
            "base_ns": list(samples.base_ns),
            "head_ns": list(samples.head_ns),
            "ratio": self.found.estimate,
            "low": self.found.low,
            "high": self.found.high,
            "confirm_p": self.p,
            "limit_p": self.limit,
            "detectable": self.detectable,
        }


def compare(cases: Mapping[CaseKey, Compared], rules: Rules) -> dict[CaseKey, Test]:
    """The test of every case. Both samples have at least 6 values; they need not have as many."""
    p_values = [slower_p(its.base, its.head, rules.margin) for its in cases.values()]
    limits = holm_limits(p_values, rules.alpha)
    rejected = holm(p_values, rules.alpha)
    strictest = rules.alpha / max(1, len(cases))
    return {
        key: Test(
            ratio(its.base, its.head),
            p,
            limit,
            slower,
            detectable(
                residuals([its.base, its.head]),
                min(len(its.base), len(its.head)),
                margin=rules.margin,
                alpha=strictest,
            ),
        )
        for (key, its), p, limit, slower in zip(cases.items(), p_values, limits, rejected, strict=True)
    }


def missing(base: Mapping[CaseKey, Case], head: MeasuredRun, known: str, question: Question) -> list[CaseResult]:
    """Cases that are known and that the head has not. Where others are new, their names may have changed."""
    new = [summary.case.name for key, summary in head.contestants.items() if key not in base]
    hint = f"; {new[0]} is new: was it renamed?" if new else ""
    found = []
    for key, case in base.items():
        if key in head.skipped:
            why = f"{known}, and the candidate could not try it: {head.skipped[key]}"
            found.append(case_result(case, question, "INVALID", why))
        elif key not in head.contestants:
            found.append(case_result(case, question, "INVALID", f"{known}, and the candidate has it not{hint}"))
    return found


def cases_of(run: MeasuredRun) -> dict[CaseKey, Case]:
    """The contestants' cases."""
    return {key: summary.case for key, summary in run.contestants.items()}
