"""What the kernel counts for this process and its children, read right before and right after the clock."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadbench.trial.process import status_bytes
from loadbench.trial.spec import KernelCounts

_RESET_PEAK_RSS = "5"


@dataclass(frozen=True)
class Descendants:
    """What the living processes that came from this one have used so far, added up."""

    cpu_ns: int = 0
    io: tuple[dict[str, int], ...] = ()
    """/proc/PID/io of each that we may read."""


@dataclass(frozen=True)
class Snapshot:
    """Counters since the process began. `io` is None where /proc/self/io cannot be read."""

    usage: resource.struct_rusage
    ended: resource.struct_rusage
    """Of the children that have ended and been waited for; the kernel has added their I/O to this process's."""
    io: dict[str, int] | None
    descendants: Descendants


def before_the_clock() -> Snapshot:
    """Read all counters now, this process's last."""
    return _snapshot(descendants_now())


def after_the_clock() -> Snapshot:
    """Read all counters now, this process's first.

    A child that ends in between is so counted too little rather than twice, at either end of the clock.
    """
    own = _snapshot(Descendants())
    return Snapshot(own.usage, own.ended, own.io, descendants_now())


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
        children_cpu_ns=max(0, _children_cpu_ns(after) - _children_cpu_ns(before)),
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


def descendants_now() -> Descendants:
    """The living descendants' counters now. Found through the kernel's own lists of children, which cost next to
    nothing where there are none; a search through all processes would itself read more than a late loader."""
    cpu_ns, io = 0, []
    for pid in sorted(_descendants("self")):
        counted = _process_io(pid)
        if counted is not None:
            io.append(counted)
        try:
            times = psutil.Process(int(pid)).cpu_times()
        except psutil.Error:
            continue
        cpu_ns += round((times.user + times.system + times.children_user + times.children_system) * 1e9)
    return Descendants(cpu_ns, tuple(io))


def _descendants(pid: str) -> set[str]:
    """Pids of the children, their children, and so on. A process that lost its parents belongs to nobody."""
    found: set[str] = set()
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.update(listed.read_text().split())
        except OSError:  # the thread has ended
            continue
    return found.union(*map(_descendants, found))


def _snapshot(descendants: Descendants) -> Snapshot:
    usage, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return Snapshot(usage, ended, _process_io("self"), descendants)


def _children_cpu_ns(counted: Snapshot) -> int:
    return round((counted.ended.ru_utime + counted.ended.ru_stime) * 1e9) + counted.descendants.cpu_ns


def _process_io(pid: str) -> dict[str, int] | None:
    try:
        text = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return None
    return {name: int(value) for name, value in (line.split(": ") for line in text.splitlines())}


def _io_difference(before: Snapshot, after: Snapshot, field: str) -> int | None:
    """Growth of a counter of the whole tree; not below 0, to which it would fall with a child that nobody waits for."""
    if before.io is None or after.io is None:
        return None
    totals = [snap.io[field] + sum(io[field] for io in snap.descendants.io) for snap in (before, after) if snap.io]
    return max(0, totals[1] - totals[0])
