"""What a person sees while a sweep runs: a live display on a terminal, plain lines elsewhere. All on stderr."""

import signal
import sys
import time
from collections import deque
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from loadbench.records import Record, name_value
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


def display(trials: int, rounds: int) -> Display:
    """The display that fits stderr."""
    return LiveDisplay(trials, rounds) if sys.stderr.isatty() else PlainDisplay(trials, rounds)


class PlainDisplay:
    """One line a trial."""

    def __init__(self, trials: int, rounds: int):
        self._count = Count(trials, rounds)

    def __enter__(self) -> "PlainDisplay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, record: Record) -> None:
        """Print the trial's line."""
        self._count.add(record)
        where = f"[{self._count.done}/{self._count.trials}] round {record.round}/{self._count.rounds}"
        print(f"{where}  {case_text(record)}  {figures(record)}  ETA {self._count.eta}", file=sys.stderr, flush=True)


class LiveDisplay:
    """A bar with the ETA over the last few trials."""

    def __init__(self, trials: int, rounds: int):
        self._count = Count(trials, rounds)
        self._last: deque[Record] = deque(maxlen=LAST)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("ETA {task.fields[eta]}")
        )
        self._task: TaskID = self._bar.add_task(f"round 1/{rounds}", total=trials, eta="…")
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
            description=f"round {record.round}/{self._count.rounds}",
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

    def __init__(self, trials: int, rounds: int):
        self.trials = trials
        self.rounds = rounds
        self.done = 0
        self._tried = 0
        self._started = time.monotonic()

    def add(self, record: Record) -> None:
        """One trial more is done; a disturbed one that is queued again makes the sweep longer."""
        if record.status == "skipped":
            self.trials -= max(0, self.rounds - record.round + 1) if record.round else 0
            return
        self.done += 1
        self._tried += 1
        self.trials = max(self.trials, self.done)
        if record.status == "disturbed":
            self.trials += 1

    @property
    def eta(self) -> str:
        """Time left, or … before there is anything to tell it by."""
        if not self._tried:
            return "…"
        each = (time.monotonic() - self._started) / self._tried
        return human_duration(each * (self.trials - self.done))


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
