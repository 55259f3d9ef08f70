"""CPU time as the machine counts it: what its processors did, and what the hypervisor took from them."""

import os
from collections.abc import Collection
from dataclasses import dataclass

from loadbench.machine.kernel import text_of

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuTimes:
    """CPU time since boot on the CPUs that this process may use, ns, in steps of a tick (10 ms on most machines)."""

    cpus: int
    busy_ns: int
    """User, nice, system, irq and softirq: of everybody, the kernel's own threads and guests included."""
    steal_ns: int


def cpu_times() -> CpuTimes | None:
    """The times now; None where /proc/stat cannot be read."""
    return parse_cpu_times(text_of("/proc/stat") or "", os.sched_getaffinity(0))


def parse_cpu_times(text: str, allowed: Collection[int], tick_ns: int = _TICK_NS) -> CpuTimes | None:
    """The times out of /proc/stat, of the allowed CPUs only: on a shared host others are busy on the rest.

    A container may be shown fewer CPUs, under other numbers, than it is allowed; then all that are shown are its own.
    """
    rows: dict[str, list[int]] = {}
    for line in text.splitlines():
        if not line.startswith("cpu"):
            break
        name, *numbers = line.split()
        rows[name] = [int(number) for number in numbers]
    wanted = [f"cpu{number}" for number in sorted(allowed)]
    chosen = [rows[name] for name in wanted] if all(name in rows for name in wanted) else [*rows.values()][1:]
    if not chosen or min(map(len, chosen)) < 8:
        return None
    # Columns: user nice system idle iowait irq softirq steal guest guest_nice. Guests are in user and nice already.
    busy = sum(row[0] + row[1] + row[2] + row[5] + row[6] for row in chosen)
    return CpuTimes(len(chosen), busy * tick_ns, sum(row[7] for row in chosen) * tick_ns)
