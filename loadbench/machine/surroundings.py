"""What goes on in the machine around a trial: stamps before and after, and the difference between them.

A stamp reads a few small files of the kernel, some tenths of a millisecond in all. GPUs are slower to ask; their state
is therefore not part of a stamp.
"""

import time
from dataclasses import dataclass, field

from loadbench.machine.cpu_accounting import CpuTimes, cpu_times
from loadbench.machine.gpu_state import GpuState
from loadbench.machine.pressure import Stalls, stalls
from loadbench.machine.storage import device_read_bytes, device_written_bytes
from loadbench.records import Surroundings


@dataclass(frozen=True)
class Stamp:
    """The machine's counters at one moment. None is something that cannot be told here."""

    at_ns: int
    stalls: Stalls
    cpu: CpuTimes | None
    own_cpu_ns: int
    """CPU time of loadbench's own process, which starts the trials."""
    read_bytes: int | None
    """Read from the checkpoint's block device by anybody."""
    written_bytes: int | None


@dataclass(frozen=True)
class Window:
    """The time around a clock, as the machine saw it."""

    before: Stamp
    after: Stamp
    kernel_log: tuple[str, ...] = ()
    gpu: GpuState = field(default_factory=GpuState)

    @property
    def device_read_bytes(self) -> int | None:
        """Bytes that anybody read from the checkpoint's block device."""
        return _difference(self.before.read_bytes, self.after.read_bytes)

    @property
    def cpus(self) -> int:
        """CPUs that loadbench may use; at least 1."""
        return self.after.cpu.cpus if self.after.cpu else 1


def stamp(block_device: str | None) -> Stamp:
    """The counters now."""
    return Stamp(
        at_ns=time.monotonic_ns(),
        stalls=stalls(),
        cpu=cpu_times(),
        own_cpu_ns=time.process_time_ns(),
        read_bytes=device_read_bytes(block_device) if block_device else None,
        written_bytes=device_written_bytes(block_device) if block_device else None,
    )


def surroundings(window: Window, *, trial_cpu_ns: int | None, trial_read_bytes: int | None) -> Surroundings:
    """What others did in the window, given what the trial did itself; None for what it cannot tell of itself."""
    before, after = window.before, window.after
    busy = steal = None
    if before.cpu and after.cpu:
        busy = _difference(before.cpu.busy_ns, after.cpu.busy_ns)
        steal = _difference(before.cpu.steal_ns, after.cpu.steal_ns)
    own_cpu = None if trial_cpu_ns is None else trial_cpu_ns + after.own_cpu_ns - before.own_cpu_ns
    return Surroundings(
        window_ns=after.at_ns - before.at_ns,
        io_stall_ns=_difference(before.stalls.io_ns, after.stalls.io_ns),
        cpu_stall_ns=_difference(before.stalls.cpu_ns, after.stalls.cpu_ns),
        memory_stall_ns=_difference(before.stalls.memory_ns, after.stalls.memory_ns),
        steal_ns=steal,
        foreign_cpu_ns=_difference(own_cpu, busy),
        foreign_read_bytes=_difference(trial_read_bytes, window.device_read_bytes),
        written_bytes=_difference(before.written_bytes, after.written_bytes),
        gpu_processes=list(window.gpu.others),
        gpu_throttling=list(window.gpu.throttling),
        kernel_log=list(window.kernel_log),
    )


def _difference(less: int | None, more: int | None) -> int | None:
    """How much more it is, never below 0: counters of different places need not agree to the last tick."""
    return None if less is None or more is None else max(0, more - less)
