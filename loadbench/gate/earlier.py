"""Which earlier runs a run is held against, and which are left out, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadbench.analysis.changes import machine_differences
from loadbench.errors import UsageError
from loadbench.gate.measured_run import MeasuredRun


@dataclass(frozen=True)
class Earlier:
    """The runs, oldest first, and what a reader must know about the choice."""

    runs: tuple[MeasuredRun, ...]
    notes: tuple[str, ...]


def choose_earlier(runs: Sequence[MeasuredRun], head: MeasuredRun, *, any_machine: bool = False) -> Earlier:
    """Runs of the head's machine that began before it, each once. No run of its machine at all is an error.

    Left out: the head and its copies, later runs, copies of each other, runs in which too many trials were disturbed,
    and runs that were resumed after a change of machine, kernel or versions.
    """
    distinct = {run.identity: run for run in runs}
    copies = len(runs) - len(distinct)
    distinct.pop(head.identity, None)
    others = sorted(distinct.values(), key=lambda run: run.started_at)
    here = [run for run in others if any_machine or not machine_differences(run.run, head.run)]
    if others and not here:
        raise UsageError(_elsewhere(others[-1], head))
    before = [run for run in here if run.started_at < head.started_at]
    unfit = {run.identity: why for run in before if (why := run.mixture() or run.disorder())}
    chosen = tuple(run for run in before if run.identity not in unfit)
    left_out = {
        "copies of others": copies,
        "of another machine": len(others) - len(here),
        "later than this one": len(here) - len(before),
    }
    notes = [f"left out of the history: {count} {why}" for why, count in left_out.items() if count]
    notes += [f"left out of the history: {run.text}: {unfit[run.identity]}" for run in before if run.identity in unfit]
    boots = set[str]().union(*(run.boots() for run in (*chosen, head)))
    if len(boots) > 1:
        notes.append(f"the runs are of {len(boots)} boots of the machine")
    if any_machine and (machines := {str(run.identity[0]) for run in (*chosen, head)}) and len(machines) > 1:
        notes.append(
            f"the runs are of {len(machines)} machines (--any-machine): what differs between them is in the scatter"
        )
    return Earlier(chosen, tuple(notes))


def other_machine(base: MeasuredRun, head: MeasuredRun) -> str:
    """How the machines of two runs differ; empty for the same one."""
    return ", ".join(change.text for change in machine_differences(base.run, head.run))


def _elsewhere(other: MeasuredRun, head: MeasuredRun) -> str:
    return (
        f"no run of the history is of the machine of {head.run.name}. {other.run.name}: {other_machine(other, head)}. "
        "Times of different machines say nothing about each other: gate on the same machine, hold ratios against a "
        "reference loader (--reference), or take them all the same with --any-machine."
    )
