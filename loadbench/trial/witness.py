"""Takes down the events of a trial and what the loader attests."""

import os
import sys
import time
from pathlib import Path
from types import NoneType

from loadbench.records import Value

ADAPTER_EVENTS = ("opened",)


class TrialWitness:
    """The `Witness` handed to `load()`. Times are ns since the process was spawned.

    CLOCK_MONOTONIC is one clock for all processes of a machine, so the parent's spawn time and the
    worker's events can be subtracted.
    """

    def __init__(self, spawned_ns: int, log: Path):
        self._spawned_ns = spawned_ns
        self._log = log
        self.events: dict[str, int] = {"spawned": 0}
        self.settings: dict[str, Value] = {}
        self.effective_path: tuple[str, str] | None = None

    def mark(self, event: str) -> None:
        """Note that an event of the adapter's happened now. The first time counts: with several files, the first open.

        The clock's own events are the harness's to mark: a loader that could would stop its own clock.
        """
        if event not in ADAPTER_EVENTS:
            raise ValueError(f"a loader may mark {', '.join(ADAPTER_EVENTS)}, not {event!r}")
        self.events.setdefault(event, time.monotonic_ns() - self._spawned_ns)

    def happened(self, event: str, monotonic_ns: int | None = None) -> None:
        """Note that an event of the harness's happened now, or at a time taken earlier."""
        at = time.monotonic_ns() if monotonic_ns is None else monotonic_ns
        self.events[event] = at - self._spawned_ns

    def setting(self, name: str, value: Value) -> None:
        """Note the value in effect. Anything but a plain value would be a surprise for whoever reads the record."""
        if type(value) not in (bool, int, float, str, NoneType):
            raise TypeError(f"setting {name}: {type(value).__name__} is not bool, int, float, str or None")
        self.settings[name] = value

    def path(self, effective: str, evidence: str) -> None:
        """Note the I/O path that was taken and what proves it."""
        self.effective_path = (str(effective), str(evidence))

    def output(self) -> str:
        """What the process has printed so far."""
        sys.stdout.flush()
        sys.stderr.flush()
        return self._log.read_text(encoding="utf-8", errors="replace") if os.path.lexists(self._log) else ""
