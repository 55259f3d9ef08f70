"""Which disturbances can be seen while a load is timed, and what goes on now."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadbench.errors import LoadbenchError
from loadbench.machine.cpu_accounting import cpu_times
from loadbench.machine.doctor_finding import Finding
from loadbench.machine.lock import holder
from loadbench.machine.pressure import stalls
from loadbench.records import Value

AREA = "Disturbances"
_PRESSURE = Path("/proc/pressure")
_KERNEL_LOG = Path("/dev/kmsg")
_BUSY_SHARE = 0.1
_BUSY_PERCENT = 5.0
_STOLEN = 0.01


@dataclass(frozen=True)
class OtherWork:
    """What can be read of the machine's other work. A problem is empty where there is none."""

    pressure_problem: str
    kernel_log_problem: str
    stolen: float | None
    """Share of the CPU time wanted since boot that the hypervisor gave to others; None where it is not counted."""
    holder: str | None
    """Who else measures now."""
    lock_problem: str


def other_work() -> OtherWork:
    """Read it all."""
    who, lock_problem = None, ""
    try:
        who = holder()
    except LoadbenchError as error:
        lock_problem = str(error)
    return OtherWork(
        pressure_problem=_pressure_problem(),
        kernel_log_problem=_kernel_log_problem(),
        stolen=_stolen(),
        holder=who,
        lock_problem=lock_problem,
    )


def disturbance_findings(seen: OtherWork, facts: Mapping[str, Value]) -> list[Finding]:
    """Findings from the above and from the machine's facts: pure."""
    return [_pressure(seen), _steal(seen), _kernel_log(seen), _load(facts), _benchmark(seen)]


def _pressure_problem() -> str:
    now = stalls()
    totals = {"cpu": now.cpu_ns, "io": now.io_ns, "memory": now.memory_ns}
    untold = [name for name, total in totals.items() if total is None]
    return f"{_PRESSURE} tells nothing of {', '.join(untold)}" if untold else ""


def _stolen() -> float | None:
    times = cpu_times()
    wanted = times.busy_ns + times.steal_ns if times else 0
    return times.steal_ns / wanted if times and wanted else None


def _kernel_log_problem() -> str:
    try:
        descriptor = os.open(_KERNEL_LOG, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return f"{_KERNEL_LOG}: {error.strerror}"
    try:
        os.read(descriptor, 8192)
    except (BlockingIOError, BrokenPipeError):
        return ""  # nothing to read, or overwritten while it was read
    except OSError as error:
        return f"{_KERNEL_LOG}: {error.strerror}"
    finally:
        os.close(descriptor)
    return ""


def _pressure(seen: OtherWork) -> Finding:
    if seen.pressure_problem:
        return Finding(
            AREA, "pressure", "missing", seen.pressure_problem,
            "Whether a load had to wait for CPUs, storage or memory that others used is not seen.",
            "Boot with psi=1, on a kernel with CONFIG_PSI; in a container, let /proc/pressure be read.",
        )  # fmt: skip
    return Finding(
        AREA, "pressure", "ok", f"{_PRESSURE} can be read", "Waiting for CPUs, storage and memory is recorded."
    )


def _steal(seen: OtherWork) -> Finding:
    if seen.stolen is None:
        return Finding(
            AREA, "steal", "missing", "/proc/stat does not tell",
            "CPU time that a hypervisor gives to other machines looks like a slow loader.",
            "Use more rounds, at different times of the day.",
        )  # fmt: skip
    text = f"{100 * seen.stolen:.2g} % of the CPU time that was wanted since boot went to other machines"
    if seen.stolen >= _STOLEN:
        return Finding(
            AREA, "steal", "limited", text, "Loads wait for CPUs that this machine does not get.",
            "Use a machine with CPUs of its own, or more rounds.",
        )  # fmt: skip
    return Finding(AREA, "steal", "ok", text, "What is stolen during a load is recorded.")


def _kernel_log(seen: OtherWork) -> Finding:
    if seen.kernel_log_problem:
        return Finding(
            AREA, "kernel log", "limited", seen.kernel_log_problem,
            "I/O errors, resets and thermal limits during a load are not seen.",
            "Run as root, or set kernel.dmesg_restrict=0; in a container, pass /dev/kmsg in.",
        )  # fmt: skip
    return Finding(AREA, "kernel log", "ok", f"{_KERNEL_LOG} can be read", "Errors of disks and GPUs are recorded.")


def _load(facts: Mapping[str, Value]) -> Finding:
    average, cpus = facts.get("load.average_1min"), facts.get("cpu.allowed_threads") or 1
    pressures = {name: facts.get(f"load.{name}_pressure_10s_percent") for name in ("cpu", "io", "memory")}
    if not isinstance(average, float) or not isinstance(cpus, int):
        return Finding(
            AREA, "load now", "missing", "the load average cannot be read", "Other work is not seen.",
            "Make sure yourself that nothing else runs.",
        )  # fmt: skip
    waits = [f"{name} {value:g} %" for name, value in pressures.items() if isinstance(value, float)]
    seen = f"load average {average:.2f} on {cpus} CPUs" + (f"; waiting: {', '.join(waits)}" if waits else "")
    pressed = any(isinstance(value, float) and value >= _BUSY_PERCENT for value in pressures.values())
    if average >= max(0.5, _BUSY_SHARE * cpus) or pressed:
        return Finding(
            AREA, "load now", "limited", seen, "Something else is at work: it slows loads down and widens intervals.",
            "Wait until it is over, or stop it.",
        )  # fmt: skip
    return Finding(AREA, "load now", "ok", seen, "Hardly anything else is at work.")


def _benchmark(seen: OtherWork) -> Finding:
    if seen.lock_problem:
        return Finding(
            AREA, "other benchmark", "missing", seen.lock_problem, "Two benchmarks at once are not kept apart.",
            "Do what the message says.",
        )  # fmt: skip
    if seen.holder:
        return Finding(
            AREA, "other benchmark", "limited", seen.holder, "A sweep waits until it has ended.", "Wait, or stop it."
        )
    return Finding(
        AREA, "other benchmark", "ok", "none is seen from here", "Other containers have locks of their own, unseen."
    )
