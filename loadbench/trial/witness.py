"""Takes down the events of a trial and what the loader attests."""

import os
import sys
import time
from pathlib import Path

from loadbench.records import EVENTS, Value


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
        """Note that an event happened now. Only the first time counts: with several files, `opened` is the first."""
        if event not in EVENTS:
            raise ValueError(f"unknown event {event!r}; known: {', '.join(EVENTS)}")
        self.events.setdefault(event, time.monotonic_ns() - self._spawned_ns)

    def mark_at(self, event: str, monotonic_ns: int) -> None:
        """Note that an event happened at a time taken earlier."""
        self.events[event] = monotonic_ns - self._spawned_ns

    def setting(self, name: str, value: Value) -> None:
        """Note the value in effect."""
        self.settings[name] = value

    def path(self, effective: str, evidence: str) -> None:
        """Note the I/O path that was taken and what proves it."""
        self.effective_path = (effective, evidence)

    def output(self) -> str:
        """What the process has printed so far."""
        sys.stdout.flush()
        sys.stderr.flush()
        return self._log.read_text(encoding="utf-8", errors="replace") if os.path.lexists(self._log) else ""
