"""What the kernel counts for this process, read right before and right after the clock."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

from loadbench.trial.process import status_bytes
from loadbench.trial.spec import KernelCounts

_RESET_PEAK_RSS = "5"


@dataclass(frozen=True)
class Snapshot:
    """Counters since the process began. `io` is None where /proc/self/io cannot be read."""

    usage: resource.struct_rusage
    io: dict[str, int] | None


def snapshot() -> Snapshot:
    """Read all counters now."""
    return Snapshot(resource.getrusage(resource.RUSAGE_SELF), _process_io())


def difference(before: Snapshot, after: Snapshot) -> KernelCounts:
    """What was counted between the two."""
    start, end = before.usage, after.usage
    return KernelCounts(
        user_ns=round((end.ru_utime - start.ru_utime) * 1e9),
        system_ns=round((end.ru_stime - start.ru_stime) * 1e9),
        minor_faults=end.ru_minflt - start.ru_minflt,
        major_faults=end.ru_majflt - start.ru_majflt,
        voluntary_switches=end.ru_nvcsw - start.ru_nvcsw,
        involuntary_switches=end.ru_nivcsw - start.ru_nivcsw,
        read_call_bytes=_io_difference(before, after, "rchar"),
        storage_read_bytes=_io_difference(before, after, "read_bytes"),
    )


def reset_peak_rss() -> int:
    """Make the peak of resident memory start again from now, and return the present value in bytes.

    Without it a forked process would report the peak of the zygote.
    """
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK_RSS)
    return status_bytes("VmRSS")


def now_ns() -> int:
    """The clock of every trial: CLOCK_MONOTONIC, ns."""
    return time.monotonic_ns()


def _process_io() -> dict[str, int] | None:
    try:
        text = Path("/proc/self/io").read_text()
    except OSError:
        return None
    return {name: int(value) for name, value in (line.split(": ") for line in text.splitlines())}


def _io_difference(before: Snapshot, after: Snapshot, field: str) -> int | None:
    if before.io is None or after.io is None:
        return None
    return after.io[field] - before.io[field]
