"""The medians of each case over many runs of a machine, in order of time, with the steps in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.changes import Change, changes
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.steps import Levels, Step, levels
from loadbench.gate.measured_run import CaseKey, MeasuredRun
from loadbench.records import Case, Run

FEWEST = 2


@dataclass(frozen=True)
class Point:
    """What one run says of a case."""

    run: MeasuredRun
    median_ns: int
    n: int


@dataclass(frozen=True)
class DatedStep:
    """A step, the runs before and after it, and what changed between these two."""

    step: Step
    before: MeasuredRun
    after: MeasuredRun
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class CaseTrend:
    """A case over the runs that have it."""

    case: Case
    is_ceiling: bool
    points: tuple[Point, ...]
    levels: Levels
    steps: tuple[DatedStep, ...]


@dataclass(frozen=True)
class MachineTrend:
    """All runs of one machine, and every case that two of them have."""

    machine: str
    runs: tuple[MeasuredRun, ...]
    cases: tuple[CaseTrend, ...]
    single: int
    """Cases that only one run has."""
    notes: tuple[str, ...]

    @property
    def newest(self) -> Run:
        """The last run."""
        return self.runs[-1].run


def trends(runs: Iterable[MeasuredRun]) -> tuple[MachineTrend, ...]:
    """One for each machine. Copies of a run count once; a run that decides nothing is left out, and named."""
    machines: dict[tuple[str, str, str], dict[tuple[str, str, int], MeasuredRun]] = {}
    for run in runs:
        facts = run.run.sessions[0].environment
        machine = str(facts.get("machine.id")), str(facts.get("cpu.model")), str(facts.get("cpu.allowed_threads"))
        machines.setdefault(machine, {})[run.identity] = run
    return tuple(_machine(sorted(found.values(), key=lambda run: run.started_at)) for found in machines.values())


def _machine(runs: Sequence[MeasuredRun]) -> MachineTrend:
    unfit = {run.identity: why for run in runs if (why := run.mixture() or run.disorder())}
    chosen = tuple(run for run in runs if run.identity not in unfit)
    series: dict[CaseKey, list[Point]] = {}
    for run in chosen:
        for key, point in _points(run):
            series.setdefault(key, []).append(point)
    facts = runs[-1].run.sessions[0].environment
    found = [_case(key, points) for key, points in series.items() if len(points) >= FEWEST]
    return MachineTrend(
        machine=", ".join(str(facts[name]) for name in ("host.name", "machine.id", "cpu.model") if facts.get(name)),
        runs=chosen,
        cases=tuple(found),
        single=sum(len(points) < FEWEST for points in series.values()),
        notes=tuple(f"left out: {run.text}: {unfit[run.identity]}" for run in runs if run.identity in unfit),
    )


def _points(run: MeasuredRun) -> Iterable[tuple[CaseKey, Point]]:
    """The cases of a run that have a median to be compared, ceilings included: where these move, the machine did."""
    for summary in run.summaries:
        measured = summary.measured
        if measured and measured.n >= SMALLEST_SAMPLE and not run.trouble("it", summary):
            yield run.key(summary.case), Point(run, measured.median_ns, measured.n)


def _case(key: CaseKey, points: Sequence[Point]) -> CaseTrend:
    found = levels([point.median_ns for point in points])
    newest = points[-1].run
    summary = next(summary for summary in newest.summaries if newest.key(summary.case) == key)
    return CaseTrend(
        case=summary.case,
        is_ceiling=summary.is_ceiling,
        points=tuple(points),
        levels=found,
        steps=tuple(_dated(step, points) for step in found.steps),
    )


def _dated(step: Step, points: Sequence[Point]) -> DatedStep:
    before, after = points[step.at - 1].run, points[step.at].run
    return DatedStep(step, before, after, changes(before.run, after.run))
