"""What limits, memory and processors do to figures, from the facts of `environment`."""

from collections.abc import Mapping
from pathlib import Path

from loadbench.machine.doctor_finding import Finding
from loadbench.machine.kernel import number_in
from loadbench.records import Value
from loadbench.units import human_size

LIMITS = "Limits"
PROCESSORS = "Processors and memory"
_TURBO_OFF = Path("/sys/devices/system/cpu/intel_pstate/no_turbo")
_BOOST_ON = Path("/sys/devices/system/cpu/cpufreq/boost")

Facts = Mapping[str, Value]


def turbo() -> bool | None:
    """Whether the processors may run above their nominal clock; None where the kernel does not say."""
    off, on = number_in(_TURBO_OFF), number_in(_BOOST_ON)
    return off == 0 if off is not None else on == 1 if on is not None else None


def machine_findings(facts: Facts, boost: bool | None) -> list[Finding]:
    """Findings from the facts. A fact that is absent could not be read."""
    return [
        _memory_limit(facts), _cpu_quota(facts), _affinity(facts), _swap(facts),
        _numa(facts), _huge_pages(facts), _clock(facts, boost),
    ]  # fmt: skip


def _number(facts: Facts, name: str) -> float | None:
    value = facts.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _memory_limit(facts: Facts) -> Finding:
    limit, available = _number(facts, "limit.group_memory_bytes"), _number(facts, "memory.available_bytes")
    total = _number(facts, "memory.total_bytes")
    if not available or not total:
        return Finding(
            LIMITS, "memory", "missing", "/proc/meminfo cannot be read", "Whether a checkpoint fits is not known.",
            "Say what a trial may use with --memory-limit.",
        )  # fmt: skip
    free = f"{human_size(int(available))} can be used now"
    if limit is None:
        return Finding(
            LIMITS, "memory", "ok", f"no limit of a control group; {free} of {human_size(int(total))}",
            "Larger checkpoints can be neither warm nor held in host memory.",
        )  # fmt: skip
    return Finding(
        LIMITS, "memory", "limited", f"the control group allows {human_size(int(limit))}; {free}",
        "The page cache counts against it: a checkpoint cannot be warm and its tensors be held unless both fit.",
        "Raise the limit to twice the checkpoint's size, or measure with --cache cold.",
    )  # fmt: skip


def _cpu_quota(facts: Facts) -> Finding:
    quota, cpus = _number(facts, "cpu.group_quota_threads"), _number(facts, "cpu.allowed_threads")
    if quota is None:
        return Finding(LIMITS, "CPU quota", "ok", "none is seen", "No thread is stopped for having had its share.")
    if cpus is not None and quota >= cpus:
        return Finding(
            LIMITS, "CPU quota", "ok", f"{quota:g} CPUs' worth of time for {cpus:g} CPUs", "It is never used up."
        )
    return Finding(
        LIMITS, "CPU quota", "limited", f"{quota:g} CPUs' worth of time"
        + ("" if cpus is None else f", shared by threads on {cpus:g} CPUs"),
        "Loaders with more threads are stopped until the next period begins, so that more threads can be slower.",
        "Lift the quota, or bind to as many CPUs as it is worth (cpuset, taskset).",
    )  # fmt: skip


def _affinity(facts: Facts) -> Finding:
    allowed, cpus = _number(facts, "cpu.allowed_threads"), _number(facts, "cpu.threads")
    if allowed is None or cpus is None:
        return Finding(
            LIMITS, "CPU affinity", "missing", "it cannot be read", "How many CPUs a load may use is not known.",
            "Bind to CPUs yourself (taskset).",
        )  # fmt: skip
    if allowed < cpus:
        return Finding(
            LIMITS, "CPU affinity", "limited", f"{allowed:g} of {cpus:g} CPUs",
            "Libraries that start a thread for each CPU of the machine crowd these.",
            "Keep it if models are served like this; else start without taskset or cpuset.",
        )  # fmt: skip
    return Finding(LIMITS, "CPU affinity", "ok", f"all {cpus:g} CPUs", "Loads may use every CPU.")


def _swap(facts: Facts) -> Finding:
    total, free = _number(facts, "memory.swap_bytes"), _number(facts, "memory.swap_free_bytes")
    if total is None or free is None:
        return Finding(
            LIMITS, "swap", "missing", "/proc/meminfo cannot be read",
            "Whether a load may wait for memory that is swapped out is not known.", "Let /proc be read.",
        )  # fmt: skip
    if not total:
        return Finding(LIMITS, "swap", "ok", "none", "What does not fit into memory fails instead of getting slow.")
    used = f"{human_size(int(total - free))} of {human_size(int(total))} used"
    if free < total:
        return Finding(
            LIMITS, "swap", "limited", used, "A load may wait for memory that is swapped out first.",
            "Free memory, or switch swap off for the run (swapoff -a).",
        )  # fmt: skip
    return Finding(LIMITS, "swap", "ok", used, "A load that does not fit into memory gets slow instead of failing.")


def _numa(facts: Facts) -> Finding:
    nodes, balancing = _number(facts, "numa.nodes"), _number(facts, "numa.balancing")
    if nodes is None:
        return Finding(
            PROCESSORS, "NUMA", "missing", "no nodes can be read", "Whether some memory is farther than other is not"
            " known.", "Let /sys be read, or bind to a node (numactl) if the machine has several.",
        )  # fmt: skip
    if nodes < 2:
        return Finding(PROCESSORS, "NUMA", "not here", "one node", "All memory is equally near.")
    advice = "Bind to the node of the disk or the GPU: numactl --cpunodebind=N --membind=N loadbench sweep ..."
    if balancing:
        advice += " Switch balancing off: sysctl kernel.numa_balancing=0."
    return Finding(
        PROCESSORS, "NUMA", "limited", f"{nodes:g} nodes; balancing {'on' if balancing else 'off'}",
        "A load is faster or slower by the node that it happens to run on"
        + (", and the kernel moves its pages meanwhile." if balancing else "."),
        advice,
    )  # fmt: skip


def _huge_pages(facts: Facts) -> Finding:
    mode = facts.get("memory.transparent_huge_pages")
    if mode in ("always", "madvise"):
        return Finding(PROCESSORS, "huge pages", "ok", str(mode), "Large buffers are made of huge pages.")
    return Finding(
        PROCESSORS, "huge pages", "limited", "off" if mode == "never" else "none are seen",
        "Direct reads into small pages cost more, so the ceiling of storage may be too low.",
        "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
    )  # fmt: skip


def _clock(facts: Facts, boost: bool | None) -> Finding:
    governor = str(facts.get("cpu.governor") or "")
    boosted = None if boost is None else f"turbo {'on' if boost else 'off'}"
    if not governor and boosted is None:
        return Finding(
            PROCESSORS, "CPU clock", "not here", "neither governor nor turbo can be read",
            "In a virtual machine the host decides on it.",
        )  # fmt: skip
    seen = "; ".join(part for part in (governor and f"governor {governor}", boosted) if part)
    if governor in ("", "performance") and not boost:
        return Finding(PROCESSORS, "CPU clock", "ok", seen, "The clock does not depend on what ran before.")
    return Finding(
        PROCESSORS, "CPU clock", "limited", seen,
        "The clock depends on the load, the heat and the other cores, and with it loads that CPUs limit.",
        "For figures that repeat: cpupower frequency-set -g performance, and turbo off"
        f" (1 in {_TURBO_OFF}, or 0 in {_BOOST_ON}).",
    )  # fmt: skip
