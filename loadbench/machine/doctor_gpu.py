"""GPUs and the torch build. CUDA and torch are never touched."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from loadbench.loaders.devices import device_missing
from loadbench.machine.doctor_finding import Finding
from loadbench.machine.environment_gpu import gpu_facts
from loadbench.records import Value

AREA = "GPU"
_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Gpus:
    """What is there."""

    facts: Mapping[str, Value]
    """As `environment_gpu` names them."""
    missing: str
    """Why a GPU cannot be used from here; empty if it can."""
    torch: str | None
    """torch's version from its metadata, whose local part names the build."""
    slices: int
    """MIG devices that nvidia-smi lists."""

    @property
    def vendor(self) -> Literal["nvidia", "amd", ""]:
        """Whose GPUs these are; empty where there are none."""
        driver = str(self.facts.get("gpu.driver") or "")
        return "amd" if driver.startswith("amdgpu") else "nvidia" if self.facts else ""

    @property
    def names(self) -> list[str]:
        """Their models."""
        return [str(value) for key, value in self.facts.items() if re.fullmatch(r"gpu\.\d+\.name", key) and value]


def gpus() -> Gpus:
    """Look at drivers, device nodes and metadata."""
    facts = gpu_facts()
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = None
    return Gpus(
        facts=facts,
        missing=device_missing("cuda:0") or "",
        torch=torch,
        slices=count_slices(_gpu_list()) if facts else 0,
    )


def count_slices(listing: str) -> int:
    """MIG devices in what `nvidia-smi -L` prints: indented lines below their GPU."""
    return len(re.findall(r"^\s+MIG\b", listing, re.MULTILINE))


def _gpu_list() -> str:
    try:
        return subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=_TIMEOUT_S).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


def gpu_findings(seen: Gpus) -> list[Finding]:
    """Findings from the above: pure."""
    return [_gpu(seen), _torch(seen), *([_mig(seen)] if seen.slices else [])]


def _gpu(seen: Gpus) -> Finding:
    if not seen.vendor:
        return Finding(AREA, "GPU", "not here", "no driver of a GPU", "Loads go to host memory only: --device cpu.")
    count = f"{len(seen.names)} × " if len(seen.names) > 1 else ""
    names = " and ".join(dict.fromkeys(seen.names)) or "a driver, but no GPU that answers"
    text = f"{count}{names}, {seen.facts.get('gpu.driver') or 'version unknown'}"
    if seen.missing:
        return Finding(
            AREA, "GPU", "missing", f"{text}; {seen.missing}", "Loads go to host memory only: --device cpu.",
            "Install a torch build for this GPU; in a container, pass the GPU in (--gpus all).",
        )  # fmt: skip
    return Finding(AREA, "GPU", "ok", text, "Its driver is there; that it works is seen when a trial uses it.")


def _torch(seen: Gpus) -> Finding:
    by = "by its version alone; torch is not imported here"
    if seen.torch is None:
        return Finding(AREA, "torch", "missing", "not installed", "No loader can run.", "pip install torch")
    build = seen.torch.partition("+")[2]
    made_for = "amd" if build.startswith("rocm") else "nvidia" if build.startswith("cu") else ""
    text = f"torch {seen.torch}, judged {by}"
    if seen.vendor and (build.startswith("cpu") or (made_for and made_for != seen.vendor)):
        return Finding(
            AREA, "torch", "missing", text, "This build cannot use the GPU of this machine.",
            f"Install a build for {'ROCm' if seen.vendor == 'amd' else 'CUDA'} from PyTorch's index.",
        )  # fmt: skip
    if seen.vendor == "amd" and not made_for:
        return Finding(
            AREA, "torch", "limited", text, "PyPI's builds are for CUDA or for CPUs; this one names neither.",
            "Install a build for ROCm from PyTorch's index.",
        )  # fmt: skip
    meant = {"amd": "It is made for ROCm.", "nvidia": "It is made for CUDA."}.get(made_for)
    if build.startswith("cpu"):
        meant = "It is made for CPUs."
    return Finding(AREA, "torch", "ok", text, meant or "No build is named; PyPI's for x86-64 are made for CUDA.")


def _mig(seen: Gpus) -> Finding:
    return Finding(
        AREA, "MIG", "limited", f"{seen.slices} slices of a divided GPU",
        "A trial gets one slice, with a share of the memory and of the copy engines; neighbours use the same link.",
        "Name the slice with the figures, and let nobody use the others meanwhile.",
    )  # fmt: skip
