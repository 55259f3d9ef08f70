"""A run against one earlier run, without a reference: a look, which can pass but cannot accuse.

Two runs differ by more than the trials inside them show. With 2 % of scatter between trials and 5 % between runs, a
test of one run against another calls every fifth unchanged case slower, even with a margin of 5 % (docs/statistics.md).
No test inside the two runs can know that, so what looks slower here is INCONCLUSIVE, never a REGRESSION: an A/B gate,
--reference or --history decides it. That nothing looks slower is worth something, since a true slowdown shows all the
same in most cases; so it is a PASS, on one and the same machine. Between machines it is worth nothing either.
"""

from loadbench.gate.compared import Compared, Test, cases_of, compare, missing
from loadbench.gate.measured_run import MeasuredRun
from loadbench.gate.result import CaseResult, Rules, Verdict
from loadbench.gate.rulings import change_text, too_coarse, too_good, too_little
from loadbench.gate.stored_case import before_figures, case_result
from loadbench.records import Case

NOT_CONTROLLED = (
    "two runs are compared without a reference: how much runs differ by themselves is not known, so nothing that looks "
    "slower is called a regression"
)


def baseline(base: MeasuredRun, head: MeasuredRun, rules: Rules, *, same_machine: bool) -> tuple[CaseResult, ...]:
    """The verdict on every case of both runs."""
    stopped: dict[tuple[str, str], tuple[Verdict, str]] = {}
    samples: dict[tuple[str, str], Compared] = {}
    for key, summary in head.contestants.items():
        if key not in base.contestants:
            stopped[key] = ("INCONCLUSIVE", "the baseline has not this case: nothing is known about it yet")
            continue
        stop = before_figures(head, summary) or before_figures(base, base.contestants[key], "the baseline")
        here, there = base.contestants[key].measured, summary.measured
        if stop:
            stopped[key] = stop
        elif here and there:
            samples[key] = Compared(here.samples_ns, there.samples_ns, here.samples_ns, there.samples_ns)
    tests = compare(samples, rules)
    return (
        *(
            case_result(summary.case, "baseline", *stopped[key])
            if key in stopped
            else _case(summary.case, samples[key], tests[key], rules, same_machine)
            for key, summary in head.contestants.items()
        ),
        *missing(cases_of(base), head, "the baseline has this case", "baseline"),
    )


def _case(case: Case, samples: Compared, test: Test, rules: Rules, same_machine: bool) -> CaseResult:
    verdict, reason = _verdict(samples, test, rules, same_machine)
    return case_result(case, "baseline", verdict, reason, **test.figures(samples))


def _verdict(samples: Compared, test: Test, rules: Rules, same_machine: bool) -> tuple[Verdict, str]:
    found = test.found
    change = change_text(found.estimate, found.low, found.high)
    if not same_machine:
        return "INCONCLUSIVE", f"{change}, on another machine"
    if why := too_good(found.estimate, rules):
        return "INVALID", why
    if test.slower:
        more_ns = sorted(samples.head_ns)[len(samples.head_ns) // 2] * (1 - 1 / found.estimate)
        if why := too_little(more_ns, rules):
            return "PASS", f"{change}, but {why}"
        return "INCONCLUSIVE", f"{change}: looks slower, and two runs differ by themselves. Confirm it by an A/B gate"
    if why := too_coarse(test.detectable, rules):
        return "INCONCLUSIVE", f"the times scatter: {why}"
    return "PASS", f"{change}: does not look more than {100 * rules.margin:g} % slower"
