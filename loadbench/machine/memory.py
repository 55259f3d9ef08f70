"""How much memory this process can still have."""

from pathlib import Path

from loadbench.machine.control_groups import ControlGroups, control_groups
from loadbench.machine.kernel import fields_of, number_in

_NO_LIMIT = 2**60
"""Version 1 says "no limit" by a number near 2⁶³."""


def total_bytes() -> int:
    """The machine's memory, whatever a control group allows of it."""
    return fields_of("/proc/meminfo").get("MemTotal", 0)


def available_bytes() -> int:
    """What can still be used without swapping: the kernel's estimate (MemAvailable), or less by a control group."""
    available = fields_of("/proc/meminfo").get("MemAvailable", 0)
    room = group_room_bytes(control_groups("memory"))
    return available if room is None else max(0, min(available, room))


def group_limit_bytes(groups: ControlGroups | None) -> int | None:
    """The lowest memory limit among the groups; None where none limits."""
    limits = [_limit(groups.version, directory) for directory in groups.directories] if groups else []
    return min((limit for limit in limits if limit is not None), default=None)


def group_room_bytes(groups: ControlGroups | None) -> int | None:
    """What the tightest of the groups still allows; None where none limits."""
    rooms = [_room(groups.version, directory) for directory in groups.directories] if groups else []
    return min((room for room in rooms if room is not None), default=None)


def oom_kills() -> int:
    """Processes that the kernel has killed for want of memory since boot, in any control group."""
    return fields_of("/proc/vmstat").get("oom_kill", 0)


def _limit(version: int, directory: Path) -> int | None:
    names = ("memory.max", "memory.high") if version == 2 else ("memory.limit_in_bytes",)
    limits = [limit for name in names if (limit := number_in(directory / name)) is not None and limit < _NO_LIMIT]
    return min(limits, default=None)


def _room(version: int, directory: Path) -> int | None:
    """Bytes left under one group's limit. Its file pages count as used, but the kernel takes them back in need."""
    limit = _limit(version, directory)
    used = number_in(directory / ("memory.current" if version == 2 else "memory.usage_in_bytes"))
    if limit is None or used is None:
        return None
    statistics = fields_of(directory / "memory.stat")
    prefix = "" if version == 2 else "total_"
    reclaimable = statistics.get(f"{prefix}inactive_file", 0) + statistics.get(f"{prefix}active_file", 0)
    return limit - used + reclaimable
