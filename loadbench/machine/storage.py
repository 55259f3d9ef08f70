"""The storage that a path lies on: file system, mount, block device and its queue."""

import os
from dataclasses import dataclass
from pathlib import Path

from loadbench.errors import unknown_name
from loadbench.machine.kernel import number_in, selected_in, text_of
from loadbench.machine.mounts import Mount, all_mounts, mount_of

_SECTOR = 512
"""The unit of the kernel's block statistics, whatever the device's own sector size."""


@dataclass(frozen=True)
class StorageInfo:
    """Where a path's bytes come from. The device fields are None where no block device stands behind it."""

    file_system: str
    mount_point: str
    mount_options: str
    source: str
    device: str | None
    """The whole disk's name in /sys/block, also for a partition; a mapped device (LVM, LUKS, RAID) has its own."""
    rotational: bool | None
    scheduler: str | None
    read_ahead_kb: int | None
    nr_requests: int | None
    max_sectors_kb: int | None
    logical_block_bytes: int | None
    model: str | None

    @property
    def name(self) -> str:
        """`nvme0n1 ext4`: the block device, where there is one, and the file system."""
        return " ".join(part for part in (self.device, self.file_system) if part)


def describe_storage(path: Path) -> StorageInfo:
    """What a path lies on; for one that does not exist yet, what its nearest existing parent lies on."""
    existing = path.absolute()
    while not existing.exists():
        existing = existing.parent
    mount = mount_of(existing, all_mounts())
    device = _device(mount) if mount else None
    queue = Path("/sys/block", device or "", "queue")
    rotational = number_in(queue / "rotational") if device else None
    return StorageInfo(
        file_system=mount.file_system if mount else "unknown",
        mount_point=mount.mount_point if mount else "",
        mount_options=mount.options if mount else "",
        source=mount.source if mount else "",
        device=device,
        rotational=None if rotational is None else bool(rotational),
        scheduler=selected_in(queue / "scheduler") if device else None,
        read_ahead_kb=number_in(queue / "read_ahead_kb") if device else None,
        nr_requests=number_in(queue / "nr_requests") if device else None,
        max_sectors_kb=number_in(queue / "max_sectors_kb") if device else None,
        logical_block_bytes=number_in(queue / "logical_block_size") if device else None,
        model=text_of(Path("/sys/block", device, "device/model")) if device else None,
    )


def device_read_bytes(device: str) -> int:
    """Bytes that anybody has read from a block device since boot. Raises `UsageError` for an unknown device."""
    return _statistics(device)[2] * _SECTOR


def device_written_bytes(device: str) -> int:
    """Bytes that anybody has written to a block device since boot. Raises `UsageError` for an unknown device."""
    return _statistics(device)[6] * _SECTOR


def _statistics(device: str) -> list[int]:
    """The kernel's counters of a whole disk, in the order of its documentation (block/stat)."""
    statistics = text_of(Path("/sys/block", device, "stat"))
    if not device or not statistics:
        raise unknown_name("block device", device, (entry.name for entry in Path("/sys/block").glob("*")))
    return [int(number) for number in statistics.split()]


def _device(mount: Mount) -> str | None:
    number = mount.device_number
    if number.startswith("0:"):
        # btrfs and others number themselves; the source is then the device, if there is one.
        try:
            status = Path(mount.source).stat() if mount.source.startswith("/dev/") else None
        except OSError:
            return None
        if status is None or not status.st_rdev:
            return None
        number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    entry = Path("/sys/dev/block", number)
    if not entry.exists():
        return None
    directory = entry.resolve()
    return directory.parent.name if (directory / "partition").exists() else directory.name
