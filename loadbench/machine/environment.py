"""What this machine is: the facts that explain a figure, or tell two machines apart.

Flat dotted keys with the unit in the name, values that JSON has. A fact that cannot be read is left out.
"""

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from loadbench.machine.environment_cpu import cpu_facts
from loadbench.machine.environment_gpu import gpu_facts
from loadbench.machine.environment_memory import limit_facts, memory_facts
from loadbench.machine.environment_software import git_facts, software_facts, variable_facts
from loadbench.machine.kernel import text_of
from loadbench.machine.secrets import redact
from loadbench.machine.storage import describe_storage
from loadbench.records import Value

Facts = dict[str, Value]

_DMI = Path("/sys/class/dmi/id")
_CONTAINER_MARKS = {
    "docker": "/.dockerenv",
    "podman": "/run/.containerenv",
    "kubernetes": "/var/run/secrets/kubernetes.io",
}


def collect(paths: Mapping[str, Path]) -> Facts:
    """All facts. `paths` names the places whose storage is described, as `storage.<name>.*`.

    Never touches CUDA, and imports no loader library.
    """
    facts = {
        **machine_facts(),
        **cpu_facts(),
        **memory_facts(),
        **limit_facts(),
        **gpu_facts(),
        **software_facts(),
        **variable_facts(os.environ),
        **git_facts(Path.cwd()),
        **load_facts(),
    }
    for name, path in paths.items():
        facts |= {f"storage.{name}.{key}": value for key, value in asdict(describe_storage(path)).items()}
    return {
        key: redact(value) if isinstance(value, str) else value for key, value in facts.items() if value is not None
    }


def machine_facts() -> Facts:
    """Which machine, which boot, which kernel, and what it runs in."""
    return {
        "host.name": platform.node(),
        "machine.id": machine_id(),
        "machine.boot_id": text_of("/proc/sys/kernel/random/boot_id"),
        "machine.vendor": text_of(_DMI / "sys_vendor"),
        "machine.product": text_of(_DMI / "product_name"),
        "machine.virtualisation": _virtualisation(),
        "machine.container": next((name for name, mark in _CONTAINER_MARKS.items() if Path(mark).exists()), None),
        "os.name": platform.freedesktop_os_release().get("PRETTY_NAME") if _has_os_release() else None,
        "os.kernel": platform.release(),
        "os.kernel_build": platform.version(),
    }


def machine_id() -> str:
    """A name for this machine that says nothing about it: a salted hash, because machine-id(5) asks for that."""
    raw = text_of("/etc/machine-id")
    if not raw or raw == "uninitialized":
        raw = text_of(_DMI / "product_uuid") or platform.node()
    return hashlib.sha256(b"loadbench machine id\0" + raw.encode()).hexdigest()[:16]


def load_facts() -> Facts:
    """What else the machine was doing."""
    facts: Facts = {"load.average_1min": os.getloadavg()[0]}
    for resource in ("cpu", "io", "memory"):
        # some avg10=0.12 avg60=0.05 avg300=0.01 total=123456
        words = (text_of(f"/proc/pressure/{resource}") or "").split()
        if len(words) > 1 and words[1].startswith("avg10="):
            facts[f"load.{resource}_pressure_10s_percent"] = float(words[1].removeprefix("avg10="))
    return facts


def _virtualisation() -> str:
    """The hypervisor as far as the kernel names it; `none` where the CPU shows no sign of one."""
    named = text_of("/sys/hypervisor/type")
    if named:
        return named
    if " hypervisor" not in (text_of("/proc/cpuinfo") or ""):
        return "none"
    driver = text_of("/sys/devices/system/clocksource/clocksource0/available_clocksource") or ""
    return next((name for name in ("kvm", "hyperv", "xen", "vmware") if name in driver), "unknown hypervisor")


def _has_os_release() -> bool:
    return any(Path(path).exists() for path in ("/etc/os-release", "/usr/lib/os-release"))
