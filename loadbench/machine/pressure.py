"""Time that tasks spent waiting, as the kernel adds it up (pressure stall information, PSI)."""

import re
from dataclasses import dataclass
from pathlib import Path

from loadbench.machine.kernel import text_of

_PRESSURE = Path("/proc/pressure")
_TOTAL = re.compile(r"^some .*\btotal=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Stalls:
    """Time since boot in which at least one task of the machine waited, ns. None where the kernel does not tell."""

    io_ns: int | None
    cpu_ns: int | None
    memory_ns: int | None


def stalls(directory: Path = _PRESSURE) -> Stalls:
    """The three totals now. A kernel without PSI, or one started with psi=0, has none."""
    io, cpu, memory = (parse_pressure(text_of(directory / name)) for name in ("io", "cpu", "memory"))
    return Stalls(io, cpu, memory)


def parse_pressure(text: str | None) -> int | None:
    """The `some` total of a pressure file, ns; the file has microseconds."""
    total = _TOTAL.search(text or "")
    return int(total[1]) * 1000 if total else None
