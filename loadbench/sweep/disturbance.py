"""Whether something else in the machine disturbed a trial: decided from its surroundings, by cause.

Nothing here knows how long the load took. The window's length is used as a denominator only: a time spent waiting
means nothing until it is a share of the time there was.

The limits are far above what a trial causes by itself. Two of the stamps hold the trial's own waiting and are
therefore not judged, or not always: a cold load waits for the disk nearly all of the time, so the wait for I/O is
judged only where the trial did no I/O; and a loader with more threads than CPUs waits for CPUs, so the wait for a CPU
is stamped but only the CPU time that others used is judged.
"""

from collections.abc import Iterator

from loadbench.records import Case, Surroundings
from loadbench.units import human_size

CACHE = "cache"
"""The cause that cannot be tolerated: the page cache was not in the state that the case is about."""
TOLERABLE = ("kernel", "gpu", "memory", "steal", "disk", "cpu", "io")
"""The causes that a sweep may be told to stamp without judging them, in the order in which they are looked for."""
CAUSES = (CACHE, *TOLERABLE)

MOST_FOREIGN_CPU = 0.25
"""Share of the time of the CPUs that this process may use, that others and the kernel's own threads may have. The
kernel needs some of it for the trial itself: on a quiet machine of two CPUs up to 6 % in trials, and up to 17 % while
eight threads read directly from a virtual disk."""
FOREIGN_CPU_FLOOR_NS = 100_000_000
"""Less than this is never judged: the machine counts in ticks of up to 10 ms, by what runs when the tick comes."""
MOST_STEAL = 0.05
"""Share of the CPUs' time that the hypervisor may give to others."""
STEAL_FLOOR_NS = 30_000_000
MOST_FOREIGN_READS = 0.10
"""What others may read from the checkpoint's disk, as a share of the payload."""
FOREIGN_READS_FLOOR = 8 * 10**6
MOST_WRITES = 0.25
"""What anybody may write to the checkpoint's disk, as a share of the payload."""
WRITES_FLOOR = 64 * 10**6
MOST_MEMORY_STALL = 0.10
"""Share of the window in which some task may wait for memory."""
MOST_IO_STALL = 0.20
"""Share of the window in which some task may wait for I/O, in a warm trial that did none itself."""
STALL_FLOOR_NS = 20_000_000
OWN_READS = 1 << 20
"""A trial that read more than this from storage waited for it itself."""


def disturbance(
    surroundings: Surroundings,
    case: Case,
    payload_bytes: int,
    *,
    cpus: int,
    storage_read_bytes: int | None,
    tolerated: frozenset[str] = frozenset(),
) -> tuple[str, str] | None:
    """The first cause that disturbed the trial and is not tolerated, with a sentence that begins with it.

    `cpus` is the number of CPUs that loadbench may use, `storage_read_bytes` what the trial itself read.
    """
    for cause, sentence in disturbances(surroundings, case, payload_bytes, cpus, storage_read_bytes):
        if cause not in tolerated:
            return cause, f"{cause}: {sentence}"
    return None


def disturbances(
    seen: Surroundings, case: Case, payload_bytes: int, cpus: int, storage_read_bytes: int | None
) -> Iterator[tuple[str, str]]:
    """Every cause that was at work, in the order of `TOLERABLE`, each with a sentence."""
    window, cpu_time = seen.window_ns, cpus * seen.window_ns
    if seen.kernel_log:
        yield "kernel", f"the kernel logged while the clock ran: {seen.kernel_log[0]}"
    if seen.gpu_processes:
        yield "gpu", f"others used the target GPU: {', '.join(seen.gpu_processes)}"
    if seen.gpu_throttling:
        yield "gpu", f"the target GPU's clock was held down: {', '.join(seen.gpu_throttling)}"
    if _above(seen.memory_stall_ns, MOST_MEMORY_STALL * window, STALL_FLOOR_NS):
        yield "memory", f"tasks waited for memory in {_share(seen.memory_stall_ns, window)} of the time"
    if _above(seen.steal_ns, MOST_STEAL * cpu_time, STEAL_FLOOR_NS):
        yield "steal", f"the hypervisor gave {_share(seen.steal_ns, cpu_time)} of the CPU time to others"
    if _above(seen.foreign_read_bytes, MOST_FOREIGN_READS * payload_bytes, FOREIGN_READS_FLOOR):
        yield "disk", f"others read {human_size(seen.foreign_read_bytes or 0)} from the checkpoint's disk"
    if _above(seen.written_bytes, MOST_WRITES * payload_bytes, WRITES_FLOOR):
        yield "disk", f"{human_size(seen.written_bytes or 0)} were written to the checkpoint's disk"
    if _above(seen.foreign_cpu_ns, MOST_FOREIGN_CPU * cpu_time, FOREIGN_CPU_FLOOR_NS):
        yield "cpu", f"others used {_share(seen.foreign_cpu_ns, cpu_time)} of the time of {cpus} CPUs"
    idle = storage_read_bytes is not None and storage_read_bytes <= OWN_READS
    if case.cache == "warm" and idle and _above(seen.io_stall_ns, MOST_IO_STALL * window, STALL_FLOOR_NS):
        yield "io", f"others waited for I/O in {_share(seen.io_stall_ns, window)} of the time"


def _above(value: int | None, limit: float, floor: int) -> bool:
    return value is not None and value > max(limit, floor)


def _share(value: int | None, whole: int) -> str:
    return f"{(value or 0) / max(1, whole):.0%}"
