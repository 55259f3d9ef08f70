"""The mount that a path lies on."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadbench.machine.kernel import text_of


@dataclass(frozen=True)
class Mount:
    """One line of /proc/self/mountinfo, escapes resolved."""

    mount_id: int
    device_number: str
    """`major:minor`; major 0 where no block device is behind the mount."""
    root: str
    """The directory of the file system that is mounted: not `/` for a bind mount."""
    mount_point: str
    options: str
    """Options of the mount and of the file system, comma-separated, each once."""
    file_system: str
    source: str


def parse_mountinfo(text: str) -> list[Mount]:
    """The mounts of a mountinfo file (proc_pid_mountinfo(5))."""
    mounts = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        first, last = left.split(), right.split()
        if len(first) < 6 or len(last) < 2:
            continue
        options = dict.fromkeys([*first[5].split(","), *(last[2].split(",") if len(last) > 2 else [])])
        mounts.append(
            Mount(
                mount_id=int(first[0]),
                device_number=first[2],
                root=_unescaped(first[3]),
                mount_point=_unescaped(first[4]),
                options=_unescaped(",".join(options)),
                file_system=last[0],
                source=_unescaped(last[1]),
            )
        )
    return mounts


def all_mounts() -> list[Mount]:
    """The mounts that this process sees."""
    return parse_mountinfo(text_of("/proc/self/mountinfo") or "")


def mount_of(path: Path, mounts: Sequence[Mount]) -> Mount | None:
    """The mount that an existing path, links followed, lies on.

    The kernel names it by number. Sandboxes that do not (gVisor) get the longest mount point above the path.
    """
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        found = re.search(r"^mnt_id:\s*(\d+)", text_of(f"/proc/self/fdinfo/{descriptor}") or "", re.MULTILINE)
    finally:
        os.close(descriptor)
    if found:
        return next((mount for mount in mounts if mount.mount_id == int(found[1])), None)
    real = path.resolve()
    above = [mount for mount in mounts if real.is_relative_to(mount.mount_point)]
    # Of two mounts at one place the later hides the earlier: >= keeps it, max() would not.
    best = None
    for mount in above:
        if best is None or len(mount.mount_point) >= len(best.mount_point):
            best = mount
    return best


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
