"""Devices by name, and whether one can be there. Never touches CUDA: a context made before a fork poisons the child."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from loadbench.errors import UsageError

_DEVICE = re.compile(r"cpu|cuda(:\d+)?")


def parse_device(text: str) -> str:
    """A device's name in full: `cuda` is `cuda:0`."""
    if not _DEVICE.fullmatch(text):
        raise UsageError(f"unknown device '{text}'. Known: cpu, cuda:0, cuda:1, ... (ROCm devices are cuda too).")
    return "cuda:0" if text == "cuda" else text


def device_missing(device: str) -> str | None:
    """Why the device cannot be used, or None, from the torch build and the driver's device nodes alone."""
    if device == "cpu":
        return None
    try:
        torch = version("torch")
    except PackageNotFoundError:
        return "torch is not installed"
    if "+cpu" in torch:
        return f"torch {torch} is a build without GPU support"
    if not (Path("/dev/nvidia0").exists() or Path("/dev/nvidiactl").exists() or Path("/dev/kfd").exists()):
        return "this machine has no GPU: neither /dev/nvidia0 nor /dev/kfd exists"
    return None
