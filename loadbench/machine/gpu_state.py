"""Who else uses a GPU, and what holds its clock down. Asked of the driver; no CUDA context is made.

NVML is asked where nvidia-ml-py is installed, else nvidia-smi, which takes up to seconds: never ask while a clock runs.
"""

import importlib
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from loadbench.machine.kernel import text_of

_TIMEOUT_S = 10.0
_REASONS = {
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}
"""Bits of NVML's clock event reasons. The others are ordinary: an idle GPU, clocks set by a user, a power limit."""
_FIELDS = ("clocks_event_reasons.active", "clocks_throttle_reasons.active")
"""nvidia-smi's name for them since driver 535, and before."""


@dataclass(frozen=True)
class GpuProcess:
    """A process that has a compute context on a GPU."""

    pid: int
    name: str

    @property
    def text(self) -> str:
        """The process for people."""
        return f"{self.name} (pid {self.pid})" if self.name else f"pid {self.pid}"


@dataclass(frozen=True)
class GpuState:
    """One GPU at one moment, or over a time. Empty where there is none, or no tool to ask."""

    others: tuple[str, ...] = ()
    throttling: tuple[str, ...] = ()

    def __or__(self, other: "GpuState") -> "GpuState":
        """What was seen in either."""
        return GpuState(
            tuple(dict.fromkeys(self.others + other.others)), tuple(dict.fromkeys(self.throttling + other.throttling))
        )


def gpu_state(uuid: str, own_pids: Collection[int]) -> GpuState:
    """The GPU with this UUID (`GPU-...`) now; `own_pids` is the trial's process tree."""
    found = _by_nvml(uuid) or _by_nvidia_smi(uuid)
    return GpuState(others_of(found[0], own_pids), throttling_of(found[1])) if found else GpuState()


def others_of(processes: Sequence[GpuProcess], own_pids: Collection[int]) -> tuple[str, ...]:
    """The processes that are not the trial's, for people.

    The trial has a context of its own. If none of its pids is listed, the driver has listed pids of another namespace,
    as it does in containers: one of the processes is the trial, but it cannot be told which.
    """
    others = [process for process in processes if process.pid not in own_pids]
    if len(others) < len(processes):
        return tuple(process.text for process in others)
    if len(processes) < 2:
        return ()
    return (f"all but one of {', '.join(process.text for process in processes)}",)


def throttling_of(reasons: int) -> tuple[str, ...]:
    """The reasons, out of NVML's bits, that an undisturbed GPU does not have."""
    return tuple(name for bit, name in _REASONS.items() if reasons & bit)


def parse_apps(answer: str, uuid: str) -> list[GpuProcess]:
    """The processes of one GPU from nvidia-smi's CSV of gpu_uuid,pid,process_name. A name may hold commas."""
    rows = [[word.strip() for word in line.split(",", 2)] for line in answer.splitlines()]
    return [
        GpuProcess(int(row[1]), _shown(row[2])) for row in rows if len(row) == 3 and row[0] == uuid and row[1].isdigit()
    ]


def parse_reasons(answer: str) -> int | None:
    """The bits from nvidia-smi's CSV of one field; None for `[N/A]` and for an error message."""
    try:
        return int(answer.strip(), 16)
    except ValueError:
        return None


def _shown(name: str) -> str:
    """A program's name without its directories; the driver writes `[Not Found]` for one it may not look into."""
    return "" if name.startswith("[") else name.rpartition("/")[2]


def _by_nvml(uuid: str) -> tuple[list[GpuProcess], int] | None:
    try:
        nvml: Any = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # not installed, no driver, or a driver of another version: NVMLError is known to pynvml only
        return None
    try:
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
        listed = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
        reasons = nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)
    except Exception:
        return None
    finally:
        nvml.nvmlShutdown()
    return [GpuProcess(entry.pid, text_of(f"/proc/{entry.pid}/comm") or "") for entry in listed], int(reasons)


def _by_nvidia_smi(uuid: str) -> tuple[list[GpuProcess], int] | None:
    if not shutil.which("nvidia-smi"):
        return None
    listed = parse_apps(_ask(uuid, "--query-compute-apps=gpu_uuid,pid,process_name"), uuid)
    answers = (parse_reasons(_ask(uuid, f"--query-gpu={field}")) for field in _FIELDS)
    return listed, next((bits for bits in answers if bits is not None), 0)


def _ask(uuid: str, query: str) -> str:
    """What nvidia-smi answers about one GPU; nothing where it fails or hangs."""
    command = ["nvidia-smi", "-i", uuid, query, "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
