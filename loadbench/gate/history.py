"""A run against at least eight earlier ones of the same machine: is each case slower than their scatter explains?

A case is slower where log(m) > mean + max(t · s · sqrt(1 + 1/k), log(1 + margin)): m is the run's median, mean and s
are of the logarithms of the k earlier medians. The level of t is Holm's over the cases, so the chance of any false
alarm is alpha, if the runs are as like each other as this one is to them and logs of medians are roughly normal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from loadbench.analysis.statistics import SMALLEST_SAMPLE, median
from loadbench.analysis.summary import CaseSummary
from loadbench.gate.compared import cases_of, missing
from loadbench.gate.measured_run import CaseKey, MeasuredRun
from loadbench.gate.prediction_interval import FEWEST_RUNS, Test, predictions
from loadbench.gate.result import CaseResult, Rules, Verdict
from loadbench.gate.rulings import change_text, too_coarse, too_good, too_little
from loadbench.gate.stored_case import before_figures, case_result
from loadbench.records import Case

_FEWER_TRIALS = 0.5
"""A median of less than half as many trials scatters more than those it is held against: see docs/statistics.md."""


@dataclass(frozen=True)
class _Past:
    """What the earlier runs have of one case."""

    medians_ns: tuple[int, ...] = ()
    trials: tuple[int, ...] = ()


def history(runs: Sequence[MeasuredRun], head: MeasuredRun, rules: Rules) -> tuple[CaseResult, ...]:
    """The verdict on every case of the head, and on those that the earlier runs have and it has not.

    The runs are earlier ones of one machine, none of them the head; gate/earlier.py chooses them.
    """
    past = {key: _past(runs, key) for key in dict.fromkeys(key for run in runs for key in run.contestants)}
    stopped = {key: before_figures(head, summary) for key, summary in head.contestants.items()}
    tests = predictions(
        {key: its.medians_ns for key, its in past.items()},
        {key: _median(summary) for key, summary in head.contestants.items() if stopped[key] is None},
        rules,
    )
    return (
        *(
            _stopped(summary, stop)
            if (stop := stopped[key])
            else _case(summary, past.get(key, _Past()), tests.get(key), rules)
            for key, summary in head.contestants.items()
        ),
        *missing(_established(runs, past), head, f"{FEWEST_RUNS} earlier runs or more have this case", "history"),
    )


def _case(summary: CaseSummary, past: _Past, test: Test | None, rules: Rules) -> CaseResult:
    base, head = list(past.medians_ns), _median(summary)
    if test is None:
        return case_result(summary.case, "history", "INCONCLUSIVE", _too_few(past), base_ns=base, head_ns=[head])
    ratio, low, high = test.prediction.ratio(head)
    verdict, reason = _verdict(summary, past, test, rules)
    return case_result(
        summary.case,
        "history",
        verdict,
        reason,
        base_ns=base,
        head_ns=[head],
        ratio=ratio,
        low=low,
        high=high,
        confirm_p=test.p,
        limit_p=test.limit,
        detectable=test.detectable,
    )


def _verdict(summary: CaseSummary, past: _Past, test: Test, rules: Rules) -> tuple[Verdict, str]:
    head, trials = _median(summary), summary.measured.n if summary.measured else 0
    ratio, low, high = test.prediction.ratio(head)
    change = f"{change_text(ratio, low, high)} beside {test.prediction.k} earlier runs"
    if why := too_good(ratio, rules):
        return "INVALID", why
    usual = median(past.trials)
    if trials < _FEWER_TRIALS * usual:
        return "INCONCLUSIVE", (
            f"{trials} trials, and the earlier runs have {usual}: so few scatter more. Sweep with --rounds {usual}"
        )
    if test.slower:
        if why := too_little(head - exp(test.prediction.mean), rules):
            return "PASS", f"{change}, but {why}"
        return "REGRESSION", f"{change}: more than their scatter explains, and more than {100 * rules.margin:g} %"
    if why := too_coarse(test.detectable, rules):
        return "INCONCLUSIVE", f"the earlier runs scatter: {why}"
    return "PASS", f"{change}: within what they scatter, or within {100 * rules.margin:g} %"


def _too_few(past: _Past) -> str:
    runs = len(past.medians_ns)
    if runs >= FEWEST_RUNS:
        return f"the medians of {runs} earlier runs are the same to the nanosecond: these are copies, or not measured"
    return f"{runs} of at least {FEWEST_RUNS} earlier runs have this case: {FEWEST_RUNS - runs} more are missing"


def _past(runs: Sequence[MeasuredRun], key: CaseKey) -> _Past:
    """The medians that may be compared. A run in which the case is in trouble has none, nor one of too few trials."""
    found = [
        its
        for run in runs
        if (summary := run.contestants.get(key))
        and (its := summary.measured)
        and its.n >= SMALLEST_SAMPLE
        and not run.trouble("it", summary)
    ]
    return _Past(tuple(its.median_ns for its in found), tuple(its.n for its in found))


def _established(runs: Sequence[MeasuredRun], past: dict[CaseKey, _Past]) -> dict[CaseKey, Case]:
    """Cases with history enough to be decided."""
    cases = {key: case for run in runs for key, case in cases_of(run).items()}
    return {key: cases[key] for key, its in past.items() if len(its.medians_ns) >= FEWEST_RUNS}


def _stopped(summary: CaseSummary, why: tuple[Verdict, str]) -> CaseResult:
    return case_result(summary.case, "history", *why)


def _median(summary: CaseSummary) -> int:
    assert summary.measured is not None
    return summary.measured.median_ns
