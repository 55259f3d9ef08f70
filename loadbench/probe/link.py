"""The link's ceilings: copies from host to device, out of pinned and out of pageable memory."""

import time
from typing import Literal, get_args

from loadbench.loaders.devices import device_missing
from loadbench.probe.memory import array, copied_bytes
from loadbench.probe.search import REPETITIONS, Search, Settings
from loadbench.probe.settings import number
from loadbench.probe.stage import MissingError, Probed, Tally, Task
from loadbench.units import MIB

LinkKind = Literal["link, pinned", "link, pageable"]
KINDS: tuple[LinkKind, ...] = get_args(LinkKind)
BLOCKS = (16 * MIB, 64 * MIB, 256 * MIB)
"""One copy, and the size of the buffers on both sides."""


def planned_bytes(task: Task) -> int:
    """About the bytes that `measure_link` is going to copy. Raises OSError where a file cannot be looked at."""
    return len(BLOCKS) * REPETITIONS * copied_bytes(task)


def measure_link(task: Task, tally: Tally, kind: LinkKind, device: str) -> Probed:
    """The ceiling for each size of block. Raises `MissingError` where the device cannot be used."""
    if reason := device_missing(device):
        raise MissingError(reason)
    import torch

    try:
        size = copied_bytes(task)
        place = torch.device(device)
        torch.cuda.set_device(place)
        room = torch.cuda.mem_get_info(place)[0] // 2
        blocks = sorted({min(block, size) for block in BLOCKS if block <= room})
        if not blocks:
            raise MissingError(f"{device} has hardly any memory free")
        pageable = torch.from_numpy(array(blocks[-1]))
        host = pageable.pin_memory() if kind == "link, pinned" else pageable
        target = torch.zeros(blocks[-1], dtype=torch.uint8, device=place)
    except (RuntimeError, AssertionError, OSError) as error:  # torch without CUDA asserts
        raise MissingError(_first_line(error)) from error
    search = Search(kind, task.checkpoint, [{"block": block} for block in blocks], size, size, device)
    tally.plan(search.name, search.planned_bytes)

    def measure(setting: Settings, _shortly: bool) -> int:
        block = number(setting, "block")
        torch.cuda.synchronize(place)
        began = time.perf_counter_ns()
        for offset in range(0, size, block):
            length = min(block, size - offset)
            target[:length].copy_(host[:length], non_blocking=True)
        torch.cuda.synchronize(place)
        return time.perf_counter_ns() - began

    try:
        measure(search.settings[-1], True)  # the first copy sets up what the driver needs for the others
        return search.run(measure, tally)
    except RuntimeError as error:
        raise MissingError(_first_line(error)) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
