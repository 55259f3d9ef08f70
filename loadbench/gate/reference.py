"""Two runs through a loader that did not change: the ratio of each case to the reference loader, now and then.

Round by round the time of a case is divided by that of the reference's case in the same round and condition. What slows
both down, a busy hour or a slower disk, cancels, so such ratios can be compared between runs, and between machines as
far as both loaders are limited by the same thing there: a loader that waits for storage and a reference that waits for
the CPU change their ratio with the machine, although nothing else changed.
"""

from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.summary import CaseSummary
from loadbench.analysis.trend import trend
from loadbench.errors import UsageError
from loadbench.gate.compared import Compared, Test, cases_of, compare, missing
from loadbench.gate.measured_run import CaseKey, MeasuredRun
from loadbench.gate.result import CaseResult, Rules, Verdict
from loadbench.gate.rulings import change_text, too_coarse, too_good, too_little
from loadbench.gate.stored_case import case_result
from loadbench.records import Case, name_value
from loadbench.units import NS

ASSUMPTION = (
    "ratios to a reference are compared between machines: that assumes that both loaders are limited by the same there"
)
_Stop = tuple[Verdict, str]


def reference(base: MeasuredRun, head: MeasuredRun, name: str, rules: Rules) -> tuple[CaseResult, ...]:
    """The verdict on every case of both runs but the reference's own. `name` is a loader, or `loader/threads=8`."""
    for run in (base, head):
        _known(run, name)
    samples: dict[CaseKey, Compared] = {}
    stopped: dict[CaseKey, _Stop] = {}
    for key, summary in head.contestants.items():
        if _is_reference(summary.case, name):
            continue
        found = _compared(base, head, key, name)
        if isinstance(found, Compared):
            samples[key] = found
        else:
            stopped[key] = found
    tests = compare(samples, rules)
    return (
        *(
            case_result(summary.case, "reference", *stopped[key])
            if key in stopped
            else _case(summary.case, samples[key], tests[key], name, rules)
            for key, summary in head.contestants.items()
            if not _is_reference(summary.case, name)
        ),
        *missing(cases_of(base), head, "the baseline has this case", "reference"),
    )


def _compared(base: MeasuredRun, head: MeasuredRun, key: CaseKey, name: str) -> Compared | _Stop:
    """The ratios of both runs, or why there are none that may be compared."""
    if key not in base.contestants:
        return "INCONCLUSIVE", "the baseline has not this case: nothing is known about it yet"
    times: list[list[int]] = []
    ratios: list[dict[int, int]] = []
    partners: list[str] = []
    for run, side in ((base, "the baseline"), (head, "the candidate")):
        summary = run.contestants[key]
        partner = _partner(run, summary.case, name)
        if partner is None:
            return "INVALID", f"{side} has no case of {name} in this condition to hold it against"
        partners.append(_with_settings(partner.case))
        if why := run.trouble(side, summary) or run.trouble(f"the reference of {side}", partner):
            return "INVALID", why
        found = _ratios(summary, partner)
        if len(found) < SMALLEST_SAMPLE:
            return "INCONCLUSIVE", f"{side} has {len(found)} rounds in which both count: fewer than 6 say too little"
        if len(set(found.values())) == 1:
            return "INVALID", f"all ratios of {side} are the same: these were not measured"
        if why := _doubt(run, summary, found):
            return "INCONCLUSIVE", f"{side} is in doubt: {why}"
        ratios.append(found)
        times.append([time for number, time in _times(summary).items() if number in found])
    changed = _changed(base, head, name) or ("" if partners[0] == partners[1] else " → ".join(partners))
    if changed:
        return "INVALID", f"the reference itself is another one: {changed}"
    return Compared(list(ratios[0].values()), list(ratios[1].values()), *times)


def _case(case: Case, samples: Compared, test: Test, name: str, rules: Rules) -> CaseResult:
    found = test.found
    change = f"beside {name}: {change_text(found.estimate, found.low, found.high)}"
    verdict: Verdict = "PASS"
    reason = f"{change}: not shown to be more than {100 * rules.margin:g} % slower"
    if why := too_good(found.estimate, rules):
        verdict, reason = "INVALID", why
    elif test.slower:
        verdict, reason = "REGRESSION", f"{change}: more than {100 * rules.margin:g} % slower"
        more_ns = sorted(samples.head_ns)[len(samples.head_ns) // 2] * (1 - 1 / found.estimate)
        if why := too_little(more_ns, rules):
            verdict, reason = "PASS", f"{change}, but {why}"
    elif why := too_coarse(test.detectable, rules):
        verdict, reason = "INCONCLUSIVE", f"the ratios scatter: {why}"
    return case_result(case, "reference", verdict, reason, **test.figures(samples))


def _doubt(run: MeasuredRun, summary: CaseSummary, ratios: dict[int, int]) -> str:
    """A drift of the machine cancels; one of the ratio does not."""
    drift = trend(ratios)
    if drift and drift.unsteady:
        return f"UNSTEADY: its ratio to the reference changed by {100 * drift.drift:+.0f} % over the run"
    return run.incomplete(summary)


def _ratios(summary: CaseSummary, partner: CaseSummary) -> dict[int, int]:
    """Round to ratio, 10⁹ for equal times. A round in which one of them is missing is none."""
    here, there = _times(summary), _times(partner)
    return {number: max(1, round(NS * here[number] / there[number])) for number in here if number in there}


def _times(summary: CaseSummary) -> dict[int, int]:
    measured = summary.measured
    return dict(zip(measured.rounds, measured.samples_ns, strict=True)) if measured else {}


def _partner(run: MeasuredRun, case: Case, name: str) -> CaseSummary | None:
    """The reference's case of the same condition; the first one where the condition has several."""
    return next(
        (
            other
            for other in run.summaries
            if _is_reference(other.case, name) and _condition(other.case) == _condition(case)
        ),
        None,
    )


def _condition(case: Case) -> tuple[str, ...]:
    return case.checkpoint, case.device, case.cache, case.contract, case.dtype


def _is_reference(case: Case, name: str) -> bool:
    return name in (case.loader, _with_settings(case))


def _with_settings(case: Case) -> str:
    return "/".join([case.loader, *(f"{key}={name_value(value)}" for key, value in sorted(case.tunables.items()))])


def _known(run: MeasuredRun, name: str) -> None:
    """An error where the run has no such reference, or more than one in a condition."""
    found = [summary.case for summary in run.summaries if _is_reference(summary.case, name)]
    if not found:
        loaders = ", ".join(dict.fromkeys(summary.case.loader for summary in run.summaries)) or "none"
        raise UsageError(f"{run.stored.path} has no case of the reference {name}. Its loaders: {loaders}.")
    settings = dict.fromkeys(_with_settings(case) for case in found)
    if len({_condition(case) for case in found}) < len(found):
        raise UsageError(
            f"{run.stored.path} has the reference {name} with several settings. Name one: {', '.join(settings)}."
        )


def _changed(base: MeasuredRun, head: MeasuredRun, name: str) -> str:
    """How the reference's own packages differ; empty where they are the same."""
    loader = name.split("/")[0]
    here, there = (run.run.loaders[loader].versions if loader in run.run.loaders else {} for run in (base, head))
    names = [package for package in {**here, **there} if here.get(package) != there.get(package)]
    return ", ".join(f"{package} {here.get(package, 'none')} → {there.get(package, 'none')}" for package in names)
