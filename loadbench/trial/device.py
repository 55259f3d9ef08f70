"""The target device inside a trial's process: its context, its clock's end, its memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def open_device(name: str) -> torch.device:
    """The device with its context made, so that making it is not part of `load`."""
    import torch

    device = torch.device(name)
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.zeros(1, device=device)
        torch.cuda.synchronize(device)
    return device


def synchronise(device: torch.device) -> None:
    """Wait until the device has done everything that was asked of it."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def used_bytes(device: torch.device) -> int | None:
    """Device memory in use by everybody, in bytes; None on the CPU.

    The driver's figure, not the allocator's: loaders allocate past torch's allocator.
    """
    import torch

    if device.type != "cuda":
        return None
    free, total = torch.cuda.mem_get_info(device)
    return total - free


def reset_peak(device: torch.device) -> None:
    """Make the allocator's peak start again from now."""
    import torch

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_bytes(device: torch.device, used_before: int | None) -> int | None:
    """Most device memory that the load held, as far as it can be seen: torch's own peak, or the driver's growth."""
    import torch

    used = used_bytes(device)
    if used is None or used_before is None:
        return None
    return max(torch.cuda.max_memory_allocated(device), used - used_before)


def released_bytes(device: torch.device) -> int | None:
    """Memory that torch's allocator still counts as allocated after the tensors were let go."""
    import torch

    return torch.cuda.memory_allocated(device) if device.type == "cuda" else None
