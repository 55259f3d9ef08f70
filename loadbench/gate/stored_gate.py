"""The verdict on a stored run: against earlier runs, a baseline, or limits, in any combination."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from loadbench import __version__
from loadbench.errors import UsageError
from loadbench.gate.baseline import NOT_CONTROLLED, baseline
from loadbench.gate.earlier import choose_earlier, other_machine
from loadbench.gate.history import history
from loadbench.gate.limits import Limit, check_limits
from loadbench.gate.measured_run import MeasuredRun
from loadbench.gate.reference import ASSUMPTION, reference
from loadbench.gate.result import CaseResult, GateResult, Question, Rules, Verdict, gravest
from loadbench.units import human_duration


@dataclass(frozen=True)
class Asked:
    """What a run is held against. Nothing at all is an error."""

    history: Sequence[MeasuredRun] | None = None
    baseline: MeasuredRun | None = None
    reference: str | None = None
    """A loader of both runs; the baseline is compared through it."""
    limits: Sequence[Limit] = ()
    any_machine: bool = False

    @property
    def question(self) -> Question:
        """The first of: a reference, a history, a baseline, limits."""
        if self.reference is not None:
            return "reference"
        return "history" if self.history is not None else "baseline" if self.baseline is not None else "limit"


@dataclass
class _Found:
    cases: list[CaseResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    base: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


def gate_stored(head: MeasuredRun, asked: Asked, rules: Rules, command: Sequence[str] = ()) -> GateResult:
    """The verdict, and what it rests on. Combinations that make no sense are a UsageError."""
    _sensible(asked)
    started = datetime.now(UTC)
    found = _Found()
    if asked.history is not None:
        _with_history(head, asked.history, asked.any_machine, rules, found)
    if asked.baseline is not None:
        _with_baseline(head, asked.baseline, asked, rules, found)
    if asked.limits:
        found.cases += check_limits(head, asked.limits)
        found.base.append("limits")
    verdict, reason = _verdict(head, asked.baseline, found.cases)
    return GateResult(
        loadbench_version=__version__,
        verdict=verdict,
        reason=reason,
        question=asked.question,
        rules=rules,
        base="; ".join(found.base),
        head=head.text,
        base_versions=found.versions,
        head_versions=head.versions(),
        started_at=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
        command=list(command),
        notes=[*found.notes, *_notes(head)],
        cases=found.cases,
    )


def _sensible(asked: Asked) -> None:
    if asked.history is None and asked.baseline is None and not asked.limits:
        raise UsageError("Say what the run is held against: --history, --baseline, --max or --min.")
    if asked.reference is not None and asked.baseline is None:
        raise UsageError("--reference compares a run with a --baseline. Name one: a saved baseline's name, or a run.")


def _with_history(
    head: MeasuredRun, runs: Sequence[MeasuredRun], any_machine: bool, rules: Rules, found: _Found
) -> None:
    earlier = choose_earlier(runs, head, any_machine=any_machine)
    found.cases += history(earlier.runs, head, rules)
    found.notes += earlier.notes
    if earlier.runs:
        first, last = earlier.runs[0].started_at, earlier.runs[-1].started_at
        found.base.append(f"{len(earlier.runs)} earlier runs, {first} to {last}")
        found.versions |= earlier.runs[-1].versions()
    else:
        found.base.append("no earlier run")


def _with_baseline(head: MeasuredRun, base: MeasuredRun, asked: Asked, rules: Rules, found: _Found) -> None:
    if base.identity == head.identity:
        raise UsageError(f"the baseline, {base.text}, is the run itself. Name another run.")
    elsewhere = other_machine(base, head)
    found.base.append(base.text)
    found.versions |= base.versions()
    if asked.reference is not None:
        found.cases += reference(base, head, asked.reference, rules)
        if elsewhere:
            found.notes.append(f"{ASSUMPTION}. What differs: {elsewhere}")
    else:
        if elsewhere and not asked.any_machine:
            raise UsageError(
                f"the baseline {base.run.name} is of another machine: {elsewhere}. Times of different machines say "
                "nothing about each other: hold ratios against a reference loader (--reference), or see the "
                "difference all the same with --any-machine."
            )
        found.cases += baseline(base, head, rules, same_machine=not elsewhere)
        found.notes.append(NOT_CONTROLLED)
    if base.boots() != head.boots():
        found.notes.append("the two runs are of different boots of the machine")
    if base.boots() and len(base.boots()) > 1:
        found.notes.append(f"the baseline's records are of {len(base.boots())} boots")


def _verdict(head: MeasuredRun, base: MeasuredRun | None, cases: Sequence[CaseResult]) -> tuple[Verdict, str]:
    """What concerns a run as a whole comes first: broken before in doubt. Then the gravest of the cases."""
    runs = {"the candidate": head} | ({"the baseline": base} if base else {})
    worst = gravest(case.verdict for case in cases)
    for side, run in runs.items():
        if why := run.mixture():
            return "INVALID", f"{side} decides nothing: {why}"
    for side, run in runs.items():
        if worst != "INVALID" and (why := run.disorder()):
            return "INCONCLUSIVE", f"{side} decides nothing: {why}"
    return worst, _reason(worst, cases)


def _reason(worst: Verdict, cases: Sequence[CaseResult]) -> str:
    """`2 of 12 cases REGRESSION, the first: NAME: ...`."""
    if not cases:
        return "there is no case to decide"
    if worst == "PASS":
        return f"all {len(cases)} hold" if len(cases) > 1 else "it holds"
    those = [case for case in cases if case.verdict == worst]
    return f"{len(those)} of {len(cases)} {worst}; the first: {those[0].name}: {those[0].reason}"


def _notes(head: MeasuredRun) -> Iterator[str]:
    yield from _boots(head)
    yield from head.stored.warnings
    budget = head.run.plan.budget_s
    if head.run.sessions[-1].ended == "budget":
        yield f"the time budget{f' of {human_duration(budget)}' if budget is not None else ''} was up"


def _boots(head: MeasuredRun) -> Iterable[str]:
    boots = len(head.boots())
    return [f"the candidate's records are of {boots} boots of the machine"] if boots > 1 else []
