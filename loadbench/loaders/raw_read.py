"""The speed of light: the checkpoint's bytes read by plain preads into memory that is already there.

It makes no tensors. What a loader takes longer than this is the loader's.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loadbench.loaders.buffers import ALIGNMENT, huge_buffer
from loadbench.loaders.contract import Memory, Witness, tunable
from loadbench.loaders.devices import device_missing
from loadbench.records import Value
from loadbench.units import MIB

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class RawRead:
    """Parallel preads of every file, whole, into host memory that was faulted in before the clock."""

    distributions: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[tuple[str, ...]] = ("safetensors",)
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    ceiling: ClassVar[bool] = True
    variants: ClassVar[dict[str, tuple[Value, ...]]] = {"io": ("direct", "buffered")}

    threads: int = tunable(4, "threads", "reader threads", minimum=1)
    block: int = tunable(4 * MIB, "block", "one read", unit="bytes", minimum=ALIGNMENT)
    io: str = tunable(
        "direct", "O_DIRECT", "past the page cache or through it; a sweep does both", choices=("direct", "buffered")
    )
    destinations: dict[Path, mmap.mmap] = field(default_factory=dict, init=False, repr=False, compare=False)

    def unavailable(self, device: str) -> str | None:
        """None, or what is wrong with the device; it reads into host memory, but stands beside loaders that use it."""
        return device_missing(device)

    def memory(self, device: str) -> Memory:
        """The mapping that `prepare` made."""
        return "owned"

    def path(self, device: str) -> str:
        """As `io` says."""
        return self.io

    def prepare(self, files: Sequence[Path], device: str) -> None:
        """Allocate and fault in a destination for every file: first touch costs more than the read here."""
        for file in files:
            self.destinations[file] = huge_buffer(_whole_blocks(file.stat().st_size))

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        """Read all blocks of all files with one pool of threads."""
        import torch

        flags = os.O_RDONLY | (os.O_DIRECT if self.io == "direct" else 0)
        opened = {file: os.open(file, flags) for file in files}
        witness.mark("opened")
        blocks = [(file, offset) for file in files for offset in range(0, len(self.destinations[file]), self.block)]
        try:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(lambda block: self._read(opened[block[0]], *block), blocks))
        finally:
            for descriptor in opened.values():
                os.close(descriptor)
        for file in files:
            size = file.stat().st_size
            destination = self.destinations[file]
            yield (
                file.name,
                torch.frombuffer(destination, dtype=torch.uint8, count=size)
                if size
                else torch.empty(0, dtype=torch.uint8),
            )

    def _read(self, descriptor: int, file: Path, offset: int) -> None:
        view = memoryview(self.destinations[file])[offset : offset + self.block]
        while view:
            got = os.preadv(descriptor, [view], offset)
            # A read that ends inside a block has met the end of the file; O_DIRECT could not go on from there.
            if got == 0 or got % ALIGNMENT:
                return
            view = view[got:]
            offset += got


def _whole_blocks(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
