"""GPUDirect Storage: true, in cuFile's compatibility mode, or not at all."""

import ctypes
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from loadbench.loaders.fastsafetensors_gds import NVIDIA_FS_NODE, NVIDIA_FS_STATS, nvidia_fs_reads
from loadbench.machine.doctor_finding import Finding
from loadbench.machine.doctor_gpu import AREA
from loadbench.machine.kernel import text_of

_CUFILE_JSON = "/etc/cufile.json"
_TRUE, _FALSE = ("1", "true", "on", "yes"), ("0", "false", "off", "no")

CompatibilityMode = Literal["forced", "allowed", "forbidden", "not said"]


@dataclass(frozen=True)
class Gds:
    """What is there."""

    node: bool
    """Whether nvidia-fs, its driver, has a device node."""
    cufile: bool
    """Whether the cuFile library can be opened. Asked only where the node is."""
    counts: bool
    """Whether nvidia-fs tells how many reads it served."""
    compatibility: CompatibilityMode
    said_by: str
    """The variable or the file that says so."""


def gds() -> Gds:
    """Look at the driver's files, the library and its settings."""
    node = NVIDIA_FS_NODE.exists()
    mode, source = cufile_compatibility(os.environ)
    return Gds(node, node and _cufile_opens(), nvidia_fs_reads() is not None, mode, source)


def cufile_compatibility(environment: Mapping[str, str]) -> tuple[CompatibilityMode, str]:
    """Whether cuFile may read through host memory without saying so, and what says it: a variable or a file."""
    path = environment.get("CUFILE_ENV_PATH_JSON") or _CUFILE_JSON
    text = text_of(path)
    forced, forced_by = _switch("force_compat_mode", environment, text or "", path)
    allowed, allowed_by = _switch("allow_compat_mode", environment, text or "", path)
    if forced:
        return "forced", forced_by
    if allowed is None:
        return "not said", f"no {path}" if text is None else path
    return "allowed" if allowed else "forbidden", allowed_by


def _switch(name: str, environment: Mapping[str, str], text: str, path: str) -> tuple[bool | None, str]:
    """A switch and what sets it. A variable wins over the file, which is JSON with // comments."""
    variable = f"CUFILE_{name.upper()}"
    value = environment.get(variable, "").lower()
    if value in (*_TRUE, *_FALSE):
        return value in _TRUE, variable
    found = re.search(rf'"{name}"\s*:\s*(true|false)', re.sub(r"(^|\s)//.*", "", text))
    return found[1] == "true" if found else None, path


def _cufile_opens() -> bool:
    try:
        ctypes.CDLL("libcufile.so.0")
    except OSError:
        return False
    return True


def gds_finding(seen: Gds, vendor: str) -> Finding:
    """The finding from the above and from whose GPUs these are: pure."""
    name, install = "GPUDirect Storage", "Install nvidia-gds: the driver nvidia-fs and the library cuFile."
    if vendor != "nvidia":
        return Finding(AREA, name, "not here", "no NVIDIA GPU", "Neither GDS nor cuFile's compatibility mode is used.")
    if not seen.node or not seen.cufile:
        what = f"{NVIDIA_FS_NODE} does not exist" if not seen.node else "libcufile.so.0 cannot be opened"
        return Finding(
            AREA, name, "missing", what,
            "No path from storage to the GPU past host memory: fastsafetensors-gds is skipped.", install,
        )  # fmt: skip
    mode = f"nvidia-fs and cuFile are there; compatibility mode {seen.compatibility} ({seen.said_by})"
    if seen.compatibility == "forced":
        return Finding(
            AREA, name, "limited", mode, "cuFile reads through host memory always: no trial can be called gds.",
            f"Set force_compat_mode to false there: {seen.said_by}.",
        )  # fmt: skip
    if not seen.counts:
        return Finding(
            AREA, name, "limited", f"{mode}; {NVIDIA_FS_STATS} tells no reads",
            "GDS cannot be told from compatibility mode, so no trial can be called gds.",
            "As root: echo 1 > /sys/module/nvidia_fs/parameters/rw_stats_enabled",
        )  # fmt: skip
    if seen.compatibility != "forbidden":
        return Finding(
            AREA, name, "limited", mode,
            "Where GDS does not work, cuFile reads through host memory in silence; nvidia-fs's counter tells, and such"
            " trials fail.",
            f"To see the error itself, set allow_compat_mode to false: {seen.said_by.removeprefix('no ')}.",
        )  # fmt: skip
    return Finding(AREA, name, "ok", mode, "A read is either GDS or an error; each trial proves it by the counter.")
