"""What a loader is: two methods, a few facts, and tunables that are the fields of a frozen dataclass.

A loader is made and used once, in a fresh process. It never stops the clock: the harness does, the
same way for all loaders.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, cast

from loadbench.records import Value

if TYPE_CHECKING:
    import torch

Memory = Literal["owned", "mapped", "reused"]
"""Whose memory a yielded tensor lies in.

owned: the caller's, for as long as it keeps the tensor. mapped: a lazy mapping of the file; nothing
has been read before it is touched. reused: valid only until the next tensor is asked for.
"""


class Witness(Protocol):
    """Takes down what happens inside `load()` and what the library really used."""

    def mark(self, event: str) -> None:
        """Note that an event happened now; `opened` is the one that an adapter may mark."""

    def setting(self, name: str, value: Value) -> None:
        """Note the value in effect. For a tunable that the sweep set, another value than asked for fails the trial."""

    def path(self, effective: str, evidence: str) -> None:
        """Note the I/O path taken, where the library can prove it better than the kernel's counters can."""

    def output(self) -> str:
        """What this process has printed so far, stdout and stderr together: some libraries say there what they use."""


class Loader(Protocol):
    """A way to get a checkpoint's tensors onto a device."""

    distributions: ClassVar[tuple[str, ...]]
    """Packages that must be installed; their versions go into the results."""

    formats: ClassVar[tuple[str, ...]]
    """Checkpoint forms that it reads: "safetensors", "tensors"."""

    devices: ClassVar[tuple[str, ...]]
    """Kinds of device that it loads to: "cpu", "cuda" (which stands for ROCm too, as in torch)."""

    ceiling: ClassVar[bool]
    """True for a limit to compare with rather than a contestant: it yields one uint8 tensor a file, named
    by the file, in host memory."""

    variants: ClassVar[dict[str, tuple[Value, ...]]]
    """Tunables that a sweep varies even when it is not asked to; empty for contestants."""

    def unavailable(self, device: str) -> str | None:
        """Why it cannot run here, or None. Must import neither torch nor the library."""

    def memory(self, device: str) -> Memory:
        """Whose memory its tensors lie in."""

    def path(self, device: str) -> str:
        """The I/O path that its settings stand for: direct, buffered, mmap or gds; auto if the library chooses."""

    def prepare(self, files: Sequence[Path], device: str) -> None:
        """Import the library and set its environment; not part of `load`. It may not read the files."""

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield every tensor once, in any order. This is what the clock measures."""


@dataclasses.dataclass(frozen=True)
class Tunable:
    """A setting of a loader, as its dataclass field declares it."""

    name: str
    kind: type
    default: Value
    library_name: str
    help: str
    unit: Literal["", "bytes"]
    choices: tuple[str, ...]
    minimum: int | None


def tunable(
    default: Value,
    library_name: str,
    help: str,
    *,
    unit: Literal["", "bytes"] = "",
    choices: tuple[str, ...] = (),
    minimum: int | None = None,
    kind: type | None = None,
) -> Any:
    """A dataclass field that is a tunable. `default` is the library's own default."""
    metadata = {
        "library_name": library_name,
        "help": help,
        "unit": unit,
        "choices": choices,
        "minimum": minimum,
        "kind": kind or type(default),
    }
    return dataclasses.field(default=default, metadata=metadata)


def tunables_of(loader: type[Loader]) -> dict[str, Tunable]:
    """The tunables of a loader by name, in the order of declaration."""
    fields = dataclasses.fields(loader)  # type: ignore[arg-type]  # a Protocol says nothing of dataclasses
    return {
        field.name: Tunable(name=field.name, default=cast("Value", field.default), **field.metadata)
        for field in fields
        if field.init and "library_name" in field.metadata
    }
