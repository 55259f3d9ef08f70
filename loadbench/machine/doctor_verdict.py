"""Can a cold sweep at a path be proven? From what was tried to one sentence: pure."""

from dataclasses import dataclass
from pathlib import Path

from loadbench.machine.doctor_probe import Probe
from loadbench.machine.doctor_weights import Weights
from loadbench.machine.residency import MEMORY_FILE_SYSTEMS
from loadbench.units import human_size

NEARLY_ALL = 0.98
"""Share of a file that must be seen: a tail may share a page or a block."""


@dataclass(frozen=True)
class Verdict:
    """The last line of the diagnosis."""

    cold: bool
    text: str


def cold_verdict(path: Path, probe: Probe | str, weights: Weights) -> Verdict:
    """Whether a cold sweep of files at the path can be proven, and by what, or what stands in the way."""
    reason = probe_problem(probe) or weights.lost
    if not reason and weights.kept and weights.copy_problem:
        reason = f"{weights.kept}; {weights.copy_problem}"
    if reason or isinstance(probe, str):
        return Verdict(False, f"A cold sweep of files in {path} cannot be proven: {reason}.")
    method = "fadvise, on private copies where they are needed" if weights.kept else "fadvise"
    return Verdict(True, f"A cold sweep of files in {path} can be proven: {method}, read back by {method_of(probe)}.")


def probe_problem(probe: Probe | str) -> str:
    """Why nothing made here could be proven cold; empty if it could."""
    if isinstance(probe, str):
        return f"nothing could be tried ({probe})"
    if probe.file_system in MEMORY_FILE_SYSTEMS:
        return f"{probe.file_system} keeps its files in memory, where they are always warm"
    if probe.evicted.state == "unknown":
        return method_of(probe)
    if not probe.cached.resident_bytes:
        return f"{human_size(probe.size)} were read, but {method_of(probe)} counts nothing in the page cache"
    if probe.evicted.state != "cold":
        return (
            f"{human_size(probe.evicted.resident_bytes or 0)} of {human_size(probe.evicted.total_bytes)} stay after"
            " fadvise"
        )
    if probe.device and probe.counted_bytes is not None and probe.counted_bytes < NEARLY_ALL * probe.size:
        return (
            f"storage delivered {human_size(probe.counted_bytes)} of {human_size(probe.size)} that were said to be"
            " evicted"
        )
    return ""


def method_of(probe: Probe) -> str:
    """How the state was read back, or why it could not be."""
    return probe.evicted.method.removeprefix("none: ")
