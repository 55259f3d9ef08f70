"""What the time of each loader's best case goes to: the phases between a trial's events."""

from itertools import pairwise

from loadbench.analysis.best import Best, Contest
from loadbench.analysis.measured import why_not_counted
from loadbench.charts.chart import Head
from loadbench.charts.run_words import settings, subtitle
from loadbench.charts.stacks import Stack, Stacks
from loadbench.records import Record, Timing
from loadbench.report.cells import loader_text
from loadbench.report.findings import Findings
from loadbench.report.text import seconds
from loadbench.units import NS

_PHASES = {
    "opened": "open",
    "first_tensor": "read, to the first tensor",
    "last_tensor": "transfer, to the last tensor",
    "synchronised": "finish",
}
"""Inside the clock, by the event that ends each."""
_PREPARE = "prepare"


def phase_stacks(contest: Contest, findings: Findings) -> Stacks | None:
    """The phases of the trial in the middle, as the medians of phases make no whole. None where no trial tells them."""
    stacks = []
    for best in contest.best:
        trial = None if best.summary.is_ceiling else _middle(best, findings)
        if trial and trial.timing and "last_tensor" in trial.timing.events:
            stacks.append(_stack(best, trial.timing, findings))
    if not stacks:
        return None
    return Stacks(
        Head(
            "Where the time goes, from the start of the process",
            subtitle(contest, findings),
            "The trial with the median time of each loader's best case. prepare (imports, device context) lies before "
            "the clock; a loader that reads as it delivers has its reading in the transfer.",
        ),
        "Time (s)",
        (_PREPARE, *_PHASES.values()),
        stacks,
        unit="s in the clock",
    )


def _middle(best: Best, findings: Findings) -> Record | None:
    """The trial whose time is the median; the faster of the two around it."""
    # Records share their cases' objects: comparing whole cases is slow, and there may be 100,000 trials.
    cases = {id(one.case): one.case for one in findings.stored.records}
    same = {place for place, case in cases.items() if case == best.summary.case}
    trials = sorted(
        (one.timing.load_ns, place, one)
        for place, one in enumerate(findings.stored.records)
        if one.timing and id(one.case) in same and why_not_counted(one) is None
    )
    return trials[(len(trials) - 1) // 2][2] if trials else None


def _stack(best: Best, timing: Timing, findings: Findings) -> Stack:
    """An event that the loader did not mark joins its phase to the next one."""
    end = timing.events.get("synchronised", 0)
    called = timing.events.get("load_called", end - timing.load_ns)
    marks = [("load_called", called), *((name, timing.events[name]) for name in _PHASES if name in timing.events)]
    lengths = {name: max(0, at - before) / NS for (_, before), (name, at) in pairwise(marks)}
    return Stack(
        name=loader_text(best.summary),
        values=((timing.process_ns - timing.load_ns) / NS, *(lengths.get(name) for name in _PHASES)),
        text=seconds(timing.load_ns),
        detail=settings(best.summary.case, findings.stored.run.loaders),
    )
