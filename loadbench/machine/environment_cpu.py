"""Facts about the processors."""

import os
import platform
import re
from pathlib import Path

from loadbench.machine.control_groups import ControlGroups, control_groups
from loadbench.machine.kernel import number_in, text_of
from loadbench.records import Value

_CPUS = Path("/sys/devices/system/cpu")
_NODES = Path("/sys/devices/system/node")


def cpu_facts() -> dict[str, Value]:
    """Model, topology, frequency policy, NUMA, and what a control group leaves of it all."""
    cpus = [path for path in _CPUS.glob("cpu[0-9]*") if (path / "topology").is_dir()]
    # The first processor's id repeats in every socket, so a core is the pair.
    cores = {(number_in(c / "topology/physical_package_id"), number_in(c / "topology/core_id")) for c in cpus}
    governors = {text for cpu in cpus if (text := text_of(cpu / "cpufreq/scaling_governor"))}
    return {
        "cpu.model": _model(),
        "cpu.architecture": platform.machine(),
        "cpu.sockets": len({socket for socket, _ in cores}) or None,
        "cpu.cores": len(cores) or None,
        "cpu.threads": os.cpu_count(),
        "cpu.allowed_threads": len(os.sched_getaffinity(0)),
        "cpu.group_quota_threads": group_quota_threads(control_groups("cpu")),
        "cpu.smt": text_of(_CPUS / "smt/control"),
        "cpu.governor": ",".join(sorted(governors)) or None,
        "cpu.max_mhz": _mhz(_CPUS / "cpu0/cpufreq/cpuinfo_max_freq"),
        "numa.nodes": len(list(_NODES.glob("node[0-9]*"))) or None,
        "numa.balancing": number_in("/proc/sys/kernel/numa_balancing"),
    }


def group_quota_threads(groups: ControlGroups | None) -> float | None:
    """CPUs' worth of time that the tightest control group allows; None where none limits."""
    quotas = [_quota(groups.version, directory) for directory in groups.directories] if groups else []
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota(version: int, directory: Path) -> float | None:
    if version == 2:
        quota, _, period = (text_of(directory / "cpu.max") or "max").partition(" ")
        return int(quota) / int(period) if quota != "max" and period else None
    allowed, every = number_in(directory / "cpu.cfs_quota_us"), number_in(directory / "cpu.cfs_period_us")
    return allowed / every if allowed and every and allowed > 0 else None


def _model() -> str | None:
    text = text_of("/proc/cpuinfo") or ""
    named = re.search(r"^(?:model name|Processor|cpu model|cpu)\s*:\s*(.+)$", text, re.MULTILINE)
    if named:
        return named[1]
    # ARM servers give numbers only.
    parts = re.findall(r"^CPU (implementer|part|variant)\s*:\s*(\S+)$", text, re.MULTILINE)
    return ", ".join(f"{key} {value}" for key, value in dict(parts).items()) or None


def _mhz(path: Path) -> int | None:
    khz = number_in(path)
    return khz // 1000 if khz else None
