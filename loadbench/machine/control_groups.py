"""The control groups (v1 and v2) that limit this process."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from loadbench.machine.kernel import text_of
from loadbench.machine.mounts import Mount, all_mounts


@dataclass(frozen=True)
class ControlGroups:
    """Where one controller's files lie for this process."""

    version: int
    directories: tuple[Path, ...]
    """This process's group first, then every group above it that can be seen: each may hold a limit."""


def control_groups(controller: str) -> ControlGroups | None:
    """The groups of a controller such as `memory` or `cpu`; None where the machine has none."""
    return locate(controller, text_of("/proc/self/cgroup") or "", all_mounts())


def locate(controller: str, memberships: str, mounts: Sequence[Mount]) -> ControlGroups | None:
    """As `control_groups`, from the text of /proc/self/cgroup (`id:controllers:path` lines) and the mounts.

    A controller belongs to version 1 or to version 2, never to both; a version 1 line that names it decides.
    """
    paths: dict[str, str] = {}
    for line in memberships.splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    version, file_system, key = (1, "cgroup", controller) if controller in paths else (2, "cgroup2", "")
    for mount in mounts:
        if mount.file_system == file_system and (version == 2 or controller in mount.options.split(",")):
            return ControlGroups(version, _upwards(mount, paths[key])) if key in paths else None
    return None


def _upwards(mount: Mount, path: str) -> tuple[Path, ...]:
    """From the process's group up to the mount's top.

    In a container the mount's top may be the container's own group while the path is still the host's.
    """
    group = PurePosixPath(path)
    inside = group.relative_to(mount.root) if group.is_relative_to(mount.root) else PurePosixPath()
    top = Path(mount.mount_point)
    directory = top / inside
    return (directory, *(parent for parent in directory.parents if parent.is_relative_to(top)))
