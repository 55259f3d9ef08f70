"""The finish line, the same for all loaders: what has to be true of a tensor before it counts as loaded.

owned    every tensor alive at the end, in memory that the caller owns, on the device
stream   every tensor copied into a parameter that was allocated and faulted in before the clock
touched  every page of every mapped tensor read; the memory is still the file's
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from loadbench.loaders.contract import Memory
from loadbench.records import Contract
from loadbench.trial.counters import now_ns
from loadbench.trial.dtypes import CONVERTIBLE, torch_dtype
from loadbench.trial.witness import TrialWitness

if TYPE_CHECKING:
    import torch

PAGE = 4096

Arrive = Callable[[str, "torch.Tensor"], "torch.Tensor"]


class WrongTensorError(Exception):
    """A tensor that must not be there, is there twice, or has another shape."""


def consume(
    tensors: Iterator[tuple[str, torch.Tensor]], arrive: Arrive, witness: TrialWitness
) -> dict[str, torch.Tensor]:
    """Take every tensor over the finish line and hold it. The iterator's own clean-up is in the clock too."""
    held: dict[str, torch.Tensor] = {}
    last = now_ns()
    for name, tensor in tensors:
        if not held:
            witness.happened("first_tensor")
        if name in held:
            raise WrongTensorError(f"tensor '{name}' was yielded twice")
        held[name] = arrive(name, tensor)
        last = now_ns()
    if held:
        witness.happened("last_tensor", last)
    return held


def finish_line(
    contract: Contract,
    memory: Memory,
    dtype: str,
    device: torch.device,
    parameters: dict[str, torch.Tensor],
) -> Arrive:
    """The function that takes one tensor over the line under this contract."""
    if contract == "stream":
        return lambda name, tensor: into_parameter(parameters, name, tensor)
    if contract == "touched":
        return lambda _, tensor: touch(tensor)
    wanted = None if dtype == "auto" else torch_dtype(dtype)
    convertible = frozenset(torch_dtype(name) for name in CONVERTIBLE)

    def own(_: str, tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.detach()
        target = wanted if wanted is not None and tensor.dtype in convertible else tensor.dtype
        if memory == "owned" and tensor.dtype == target and tensor.device == device:
            return tensor
        return tensor.to(device=device, dtype=target, copy=True)

    return own


def as_it_comes(_: str, tensor: torch.Tensor) -> torch.Tensor:
    """The line of a ceiling: its bytes lie in host memory and no tensor is made of them."""
    return tensor


def into_parameter(parameters: dict[str, torch.Tensor], name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Copy into the parameter of that name, converting if its dtype is another one."""
    if name not in parameters:
        raise WrongTensorError(f"tensor '{name}' is not in the checkpoint")
    parameter = parameters[name]
    # copy_ would broadcast a smaller tensor without a word.
    if parameter.shape != tensor.shape:
        raise WrongTensorError(f"tensor '{name}' has shape {list(tensor.shape)}, not {list(parameter.shape)}")
    return parameter.copy_(tensor.detach())


def touch(tensor: torch.Tensor) -> torch.Tensor:
    """Read one byte of every page, and the last byte."""
    import torch

    if tensor.numel():
        raw = tensor.detach().reshape(-1).view(torch.uint8)
        raw[::PAGE].sum().item()
        raw[-1].item()
    return tensor
