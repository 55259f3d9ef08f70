"""What a person sees while a sweep runs: a live display on a terminal, plain lines elsewhere. All on stderr."""

import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from loadbench.records import Plan, Record, name_value
from loadbench.sweep.rounds import Budget
from loadbench.units import gb_per_s, human_duration, human_seconds

LAST = 6
_STYLES = {"ok": "green", "disturbed": "yellow", "skipped": "dim"}


class Display(Protocol):
    """Shows the progress of a sweep."""

    def __enter__(self) -> "Display": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, record: Record) -> None:
        """A trial has ended."""


def display(plan: Plan, left: Callable[[], int], budget: Budget) -> Display:
    """The display that fits stderr. `left` tells how many trials there are still to do, at the most."""
    count = Count(plan, left, budget)
    return LiveDisplay(count) if sys.stderr.isatty() else PlainDisplay(count)


class PlainDisplay:
    """One line a trial."""

    def __init__(self, count: "Count"):
        self._count = count

    def __enter__(self) -> "PlainDisplay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, record: Record) -> None:
        """Print the trial's line."""
        self._count.add(record)
        where = f"[{self._count.done}/{self._count.trials}] {self._count.round_text}"
        print(f"{where}  {case_text(record)}  {figures(record)}  ETA {self._count.eta}", file=sys.stderr, flush=True)


class LiveDisplay:
    """A bar with the ETA over the last few trials."""

    def __init__(self, count: "Count"):
        self._count = count
        self._last: deque[Record] = deque(maxlen=LAST)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("ETA {task.fields[eta]}")
        )
        self._task: TaskID = self._bar.add_task(count.round_text, total=count.trials, eta="…")
        self._live = Live(self._picture(), console=Console(stderr=True), refresh_per_second=4)

    def __enter__(self) -> "LiveDisplay":
        # Rich draws in a thread of its own. It must not be the one that takes Ctrl-C, or the main thread could not
        # hold it back while it starts or ends a trial.
        signals = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        self._live.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, record: Record) -> None:
        """Redraw with this trial at the bottom."""
        self._count.add(record)
        self._last.append(record)
        self._bar.update(
            self._task,
            completed=self._count.done,
            total=self._count.trials,
            description=self._count.round_text,
            eta=self._count.eta,
        )
        self._live.update(self._picture())

    def _picture(self) -> Group:
        table = Table.grid(padding=(0, 2))
        for record in self._last:
            style = _STYLES.get(record.status, "red")
            table.add_row(Text(case_text(record)), Text(figures(record), style=style))
        return Group(table, self._bar)


class Count:
    """How far a sweep is and how long the rest will take, from the wall time of the trials so far."""

    def __init__(self, plan: Plan, left: Callable[[], int], budget: Budget):
        self.trials = left()
        self.done = 0
        self._plan = plan
        self._left = left
        self._budget = budget
        self._round = 1
        self._started = time.monotonic()

    def add(self, record: Record) -> None:
        """One trial more is done; a disturbed one that is queued again makes the sweep longer."""
        if record.status == "skipped":
            self.trials = self.done + self._left()
            return
        if record.round != self._round:
            # Cases may have become precise with the round before: what is left is counted anew.
            self._round = record.round
            self.trials = self.done + 1 + self._left()
        self.done += 1
        self.trials = max(self.trials + (record.status == "disturbed"), self.done)

    @property
    def round_text(self) -> str:
        """`round 7/20`, or `round 7 of at most 20` where cases may stop before."""
        return f"round {self._round}" + (" of at most " if self._plan.ladder else "/") + str(self._plan.rounds)

    @property
    def eta(self) -> str:
        """Time left, at the most where cases may stop before; … before there is anything to tell it by."""
        if not self.done:
            return "…"
        each = (time.monotonic() - self._started) / self.done
        left = each * (self.trials - self.done)
        if self._budget.seconds is not None:
            of_budget = self._budget.started + self._budget.seconds - time.monotonic()
            if of_budget <= 0:
                return "the end of this round"
            left = min(left, of_budget)
        return ("≤ " if self._plan.ladder else "") + human_duration(left)


def case_text(record: Record) -> str:
    """The case, short: what differs inside most sweeps."""
    case = record.case
    settings = [f"{name}={name_value(value)}" for name, value in case.tunables.items()]
    conditions = [
        case.cache,
        *([case.dtype] if case.dtype != "auto" else []),
        *([case.device] if case.device != "cpu" else []),
    ]
    return " ".join([case.loader, *conditions, *settings])


def figures(record: Record) -> str:
    """Time and rate of a trial that counts, or what became of it."""
    if record.status == "ok" and record.timing and record.bytes:
        rate = gb_per_s(record.bytes.payload_bytes, max(1, record.timing.load_ns))
        return f"{human_seconds(record.timing.load_ns / 1e9)}  {rate:.2f} GB/s"
    return f"{record.status}: {record.reason}"
