"""What storage's counters and O_DIRECT allow to be shown here, as findings: pure."""

from loadbench.machine.doctor_finding import Finding
from loadbench.machine.doctor_probe import Probe
from loadbench.machine.doctor_verdict import NEARLY_ALL
from loadbench.machine.residency import MEMORY_FILE_SYSTEMS, NETWORK_FILE_SYSTEMS
from loadbench.units import human_size

AREA = "Storage"
_OWN_DISK = "Put the checkpoints on a volume of a disk that this machine has itself."


def storage_findings(probe: Probe | str, virtualisation: str) -> list[Finding]:
    """What was found out about the storage. `virtualisation` is the hypervisor's name, or `none`."""
    if isinstance(probe, str):
        return []
    return [_process_counter(probe), _disk_counter(probe), _direct(probe), _below(probe, virtualisation)]


def _process_counter(probe: Probe) -> Finding:
    counted = probe.counted_bytes
    if counted is None:
        return Finding(
            AREA, "process counter", "missing", "/proc/self/io cannot be read",
            "A cold load is not held against what storage delivered, and the I/O path of a load is not known.",
            "Allow it: some containers, sandboxes and mounts of /proc forbid it.",
        )  # fmt: skip
    seen = f"/proc/self/io counts {human_size(counted)} for {human_size(probe.size)} that were read after eviction"
    if probe.file_system in MEMORY_FILE_SYSTEMS:
        return Finding(AREA, "process counter", "not here", seen, "Files in memory come from no storage.")
    if counted < NEARLY_ALL * probe.size:
        return Finding(
            AREA, "process counter", "limited", seen, "It does not show what a load reads from this file system.",
            _OWN_DISK,
        )  # fmt: skip
    return Finding(AREA, "process counter", "ok", seen, "Every cold load is held against it.")


def _disk_counter(probe: Probe) -> Finding:
    if probe.file_system in MEMORY_FILE_SYSTEMS:
        return Finding(AREA, "disk counter", "not here", "files in memory", "There is no disk to read from.")
    if probe.device is None:
        return Finding(
            AREA, "disk counter", "missing", f"no block device is seen behind {probe.file_system}",
            "What storage delivered cannot be cross-checked, nor who else reads from it.", _OWN_DISK,
        )  # fmt: skip
    if probe.disk_bytes is None:
        return Finding(
            AREA, "disk counter", "missing", f"the statistics of {probe.device} cannot be read",
            "What storage delivered cannot be cross-checked, nor who else reads from it.",
            "Make /sys readable in this container.",
        )  # fmt: skip
    seen = f"{probe.device} counts {human_size(probe.disk_bytes)} for {human_size(probe.size)}"
    if probe.disk_bytes < NEARLY_ALL * probe.size:
        return Finding(
            AREA, "disk counter", "limited", seen,
            "The bytes come from another device as well, which is not seen.", _OWN_DISK,
        )  # fmt: skip
    return Finding(AREA, "disk counter", "ok", seen, "It cross-checks the process's counter, and shows other readers.")


def _direct(probe: Probe) -> Finding:
    if probe.file_system in MEMORY_FILE_SYSTEMS:
        return Finding(AREA, "O_DIRECT", "not here", "files in memory", "There is nothing to read past.")
    if probe.direct.problem:
        return Finding(
            AREA, "O_DIRECT", "missing", probe.direct.problem,
            "There is no ceiling for storage here, and loaders that read directly fall back or fail.", _OWN_DISK,
        )  # fmt: skip
    if probe.direct.cached_bytes:
        return Finding(
            AREA, "O_DIRECT", "limited", f"it leaves {human_size(probe.direct.cached_bytes)} in the page cache",
            "Direct reads are buffered here: the ceiling is not the storage's.", _OWN_DISK,
        )  # fmt: skip
    return Finding(AREA, "O_DIRECT", "ok", "a direct read works", "The ceiling of storage can be measured.")


def _below(probe: Probe, virtualisation: str) -> Finding:
    advice = "Do not count the first load of a new file; compare figures of one run only."
    if probe.file_system in NETWORK_FILE_SYSTEMS:
        return Finding(
            AREA, "caches below", "limited", f"{probe.file_system} has a server",
            "Its cache cannot be emptied from here: the first read of a file may be far slower than all later ones.",
            advice,
        )  # fmt: skip
    if virtualisation != "none":
        return Finding(
            AREA, "caches below", "limited", f"a virtual machine ({virtualisation})",
            "The host may hold files in memory, or fetch them from afar when they are first read; it cannot be seen.",
            advice,
        )  # fmt: skip
    return Finding(
        AREA, "caches below", "ok", "no hypervisor is seen",
        "Below the page cache there are only the disk's own, as far as can be told.",
    )  # fmt: skip
