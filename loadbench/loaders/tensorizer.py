"""Tensorizer: a format of its own, into which the checkpoint is converted once, outside the clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loadbench.loaders.contract import Memory, Witness, tunable
from loadbench.loaders.devices import device_missing
from loadbench.records import Value

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Tensorizer:
    """`TensorDeserializer` on a local `.tensors` file. The load happens in its constructor."""

    distributions: ClassVar[tuple[str, ...]] = ("tensorizer",)
    formats: ClassVar[tuple[str, ...]] = ("tensors",)
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    ceiling: ClassVar[bool] = False
    variants: ClassVar[dict[str, tuple[Value, ...]]] = {}

    threads: int | None = tunable(None, "num_readers", "reader threads; up to 8 on a local file", minimum=1, kind=int)
    verify_hash: bool = tunable(False, "verify_hash", "check the file's own hashes while loading")

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
        import tensorizer

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        """Deserialise file after file."""
        from tensorizer import TensorDeserializer

        for file in files:
            # plaid_mode is left out: 2.12.1 accepts it and does nothing with it.
            opened = TensorDeserializer(
                str(file), device=device, num_readers=self.threads, verify_hash=self.verify_hash
            )
            try:
                # Readers are clamped to the number of tensors without a word; the attribute is private (2.12.1).
                readers = getattr(opened, "_num_readers", None)
                if readers is not None:
                    witness.setting("threads", readers)
                for name in opened:
                    yield name, opened[name]
            finally:
                opened.close()
