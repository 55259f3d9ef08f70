"""What the newest runs of this machine tell about the cost of the next one."""

from dataclasses import dataclass
from pathlib import Path

from loadbench.analysis.timings import Timed, timed
from loadbench.errors import StoreError
from loadbench.machine.environment import machine_id
from loadbench.probe.stage import LIMIT
from loadbench.records import Run
from loadbench.store import find_runs, read_for_analysis

ENOUGH = 3000
"""So many trials of the newest runs are looked at."""
MOST_RUNS = 200
PASSES = 42
"""How often the ceilings read a checkpoint from storage; what they read from memory takes little time beside it."""


@dataclass(frozen=True)
class History:
    """Earlier runs of this machine."""

    trials: list[Timed]
    probing_s_per_byte: float | None
    """Seconds that the ceilings took, for each byte of their checkpoint up to the probe's limit; None if unknown."""


def read_history(folder: Path) -> History:
    """The trials of this machine's newest runs in a folder, and what their ceilings took."""
    try:
        paths = sorted(find_runs(folder), key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_RUNS]
    except StoreError:
        return History([], None)
    here = machine_id()
    trials: list[Timed] = []
    seconds = probed = 0.0
    for path in paths:
        if len(trials) >= ENOUGH:
            break
        try:
            stored = read_for_analysis(path)
        except StoreError:
            continue  # the report says what is wrong with it
        if stored.run.sessions[-1].environment.get("machine.id") == here:
            trials += timed(stored.records, str(path))
            seconds += sum(sum(ceiling.samples_ns) for ceiling in stored.run.ceilings) / 1e9
            probed += _probed_bytes(stored.run)
    return History(trials, seconds / probed if probed else None)


def _probed_bytes(run: Run) -> int:
    """Bytes of the checkpoints whose ceilings were measured, once for each session that did."""
    probes = {(ceiling.session, ceiling.checkpoint) for ceiling in run.ceilings}
    return sum(min(run.checkpoints[name].file_bytes, LIMIT) for _, name in probes if name in run.checkpoints)
