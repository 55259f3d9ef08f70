"""safetensors with its pread back end: every tensor is read into memory of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loadbench.loaders.contract import Memory, Witness
from loadbench.loaders.devices import device_missing
from loadbench.records import Value

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SafetensorsPread:
    """`load_file(..., backend="pread")`. It has no tunables."""

    distributions: ClassVar[tuple[str, ...]] = ("safetensors",)
    formats: ClassVar[tuple[str, ...]] = ("safetensors",)
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    ceiling: ClassVar[bool] = False
    variants: ClassVar[dict[str, tuple[Value, ...]]] = {}

    def unavailable(self, device: str) -> str | None:
        """None, or what is wrong with the device."""
        return device_missing(device)

    def memory(self, device: str) -> Memory:
        """Every tensor has its own."""
        return "owned"

    def path(self, device: str) -> str:
        """Reads through the page cache."""
        return "buffered"

    def prepare(self, files: Sequence[Path], device: str) -> None:
        """Import the library."""
        import safetensors.torch

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        """Open file after file and hand out its tensors."""
        from safetensors import safe_open

        for file in files:
            with safe_open(file, framework="pt", device=device, backend="pread") as opened:
                witness.mark("opened")
                yield from opened.get_tensors().items()
