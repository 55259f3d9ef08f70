"""Facts about GPUs, from the driver's files and tools. CUDA is never touched: a context would poison forked trials."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from loadbench.machine.kernel import number_in, text_of
from loadbench.records import Value
from loadbench.units import MIB

_TIMEOUT_S = 3.0
_QUERY = "name,driver_version,memory.total,pcie.link.gen.max,pcie.link.width.max"
_AMD_VENDOR = "0x1002"


def gpu_facts() -> dict[str, Value]:
    """Models, memory, driver, and whether GPUDirect Storage has its device. Empty where there is no GPU."""
    return {**_nvidia(), **_amd()}


def _nvidia() -> dict[str, Value]:
    if not Path("/proc/driver/nvidia/version").exists() and not shutil.which("nvidia-smi"):
        return {}
    facts: dict[str, Value] = {"gpu.nvidia_fs": any(Path("/dev").glob("nvidia-fs*"))}
    answer = _output("nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits")
    if answer:
        return facts | parse_nvidia_smi(answer)
    version = re.search(r"Module.*?\s(\d+\.[\d.]+)\s", text_of("/proc/driver/nvidia/version") or "")
    facts["gpu.driver"] = f"nvidia {version[1]}" if version else None
    for index, directory in enumerate(sorted(Path("/proc/driver/nvidia/gpus").glob("*"))):
        model = re.search(r"^Model:\s*(.+)$", text_of(directory / "information") or "", re.MULTILINE)
        facts[f"gpu.{index}.name"] = model[1].strip() if model else None
    return facts


def parse_nvidia_smi(answer: str) -> dict[str, Value]:
    """Facts from the CSV answer to the query: a line a GPU; a number may be `[N/A]`."""
    facts: dict[str, Value] = {}
    for index, line in enumerate(answer.splitlines()):
        words = [word.strip() for word in line.split(",")]
        if len(words) != len(_QUERY.split(",")):
            continue
        name, driver, memory_mib, pcie_generation, pcie_width = words
        facts["gpu.driver"] = f"nvidia {driver}"
        facts[f"gpu.{index}.name"] = name
        facts[f"gpu.{index}.memory_bytes"] = int(memory_mib) * MIB if memory_mib.isdigit() else None
        if pcie_generation.isdigit() and pcie_width.isdigit():
            facts[f"gpu.{index}.pcie"] = f"gen {pcie_generation} x{pcie_width}"
    return facts


def _amd() -> dict[str, Value]:
    devices = [
        device
        for device in sorted(Path("/sys/class/drm").glob("card*/device"))
        if text_of(device / "vendor") == _AMD_VENDOR
    ]
    if not devices:
        return {}
    rocm = text_of("/opt/rocm/.info/version")
    module = text_of("/sys/module/amdgpu/version")
    facts: dict[str, Value] = {
        "gpu.driver": f"amdgpu {module}" if module else "amdgpu of the kernel",
        "gpu.rocm": rocm,
    }
    names = [text_of(device / "product_name") for device in devices]
    if not all(names):
        names = [*parse_rocm_smi(_output("rocm-smi", "--showproductname", "--json")), *[None] * len(devices)]
    for index, device in enumerate(devices):
        facts[f"gpu.{index}.name"] = names[index]
        facts[f"gpu.{index}.memory_bytes"] = number_in(device / "mem_info_vram_total")
    return facts


def parse_rocm_smi(answer: str) -> list[str | None]:
    """Product names from rocm-smi's JSON, by card. The key's case differs between ROCm versions."""
    try:
        cards = json.loads(answer)
    except ValueError:
        return []
    if not isinstance(cards, dict):
        return []
    names = []
    for _, card in sorted(cards.items(), key=lambda item: (len(item[0]), item[0])):
        fields = {key.lower(): value for key, value in card.items()} if isinstance(card, dict) else {}
        names.append(fields.get("card series"))
    return names


def _output(*command: str) -> str:
    """What a tool prints; nothing where it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.strip()
