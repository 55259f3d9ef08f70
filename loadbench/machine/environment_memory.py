"""Facts about memory, and about what this process may have of it."""

import resource

from loadbench.machine.control_groups import control_groups
from loadbench.machine.kernel import fields_of, number_in, selected_in
from loadbench.machine.memory import available_bytes, group_limit_bytes, total_bytes
from loadbench.records import Value


def memory_facts() -> dict[str, Value]:
    """Sizes, swap, huge pages and the settings that decide how the page cache is written and reclaimed."""
    meminfo = fields_of("/proc/meminfo")
    return {
        "memory.total_bytes": total_bytes() or None,
        "memory.available_bytes": available_bytes(),
        "memory.swap_bytes": meminfo.get("SwapTotal"),
        "memory.swap_free_bytes": meminfo.get("SwapFree"),
        "memory.huge_pages": meminfo.get("HugePages_Total"),
        "memory.transparent_huge_pages": selected_in("/sys/kernel/mm/transparent_hugepage/enabled"),
        "memory.transparent_huge_pages_defrag": selected_in("/sys/kernel/mm/transparent_hugepage/defrag"),
        "memory.swappiness": number_in("/proc/sys/vm/swappiness"),
        "memory.zone_reclaim_mode": number_in("/proc/sys/vm/zone_reclaim_mode"),
    }


def limit_facts() -> dict[str, Value]:
    """Limits of the control groups and of the process. No limit is left out."""
    groups = control_groups("memory")
    return {
        "limit.group_version": groups.version if groups else None,
        "limit.group_memory_bytes": group_limit_bytes(groups),
        "limit.locked_memory_bytes": _limit(resource.RLIMIT_MEMLOCK),
        "limit.address_space_bytes": _limit(resource.RLIMIT_AS),
        "limit.open_files": _limit(resource.RLIMIT_NOFILE),
    }


def _limit(which: int) -> int | None:
    soft, _ = resource.getrlimit(which)
    return None if soft == resource.RLIM_INFINITY else soft
