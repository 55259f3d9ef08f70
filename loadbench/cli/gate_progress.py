"""What a person sees while a gate runs: a line a trial, with the time that is left. On stderr."""

import sys
import time

from loadbench.cli.progress import case_text, figures
from loadbench.gate.rounds import Turn
from loadbench.records import Record
from loadbench.units import human_duration


class GateProgress:
    """How far one stage is."""

    def __init__(self, stage: str, trials: int):
        self._stage = stage
        self._trials = trials
        self._done = 0
        self._started = time.monotonic()

    def show(self, turn: Turn, record: Record) -> None:
        """Print the trial's line."""
        self._done += 1
        self._trials += record.status == "disturbed"
        each = (time.monotonic() - self._started) / self._done
        eta = human_duration(each * max(0, self._trials - self._done))
        where = f"[{self._done}/{self._trials}] {self._stage}, round {turn.round}"
        line = f"{where}  {turn.which}  {case_text(record)}  {figures(record)}  ETA {eta}"
        print(line, file=sys.stderr, flush=True)
