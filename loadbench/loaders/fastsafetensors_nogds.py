"""fastsafetensors without GPUDirect Storage: parallel preads through a bounce buffer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loadbench.loaders.contract import Memory, Witness, tunable
from loadbench.loaders.devices import device_missing
from loadbench.records import Value
from loadbench.units import GIB, KIB, MIB

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FastsafetensorsNogds:
    """`SafeTensorsFileLoader(nogds=True)`: every file becomes one allocation, tensors are views of it."""

    distributions: ClassVar[tuple[str, ...]] = ("fastsafetensors",)
    formats: ClassVar[tuple[str, ...]] = ("safetensors",)
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    ceiling: ClassVar[bool] = False
    variants: ClassVar[dict[str, tuple[Value, ...]]] = {}

    threads: int = tunable(16, "max_threads", "reader threads; also divides the read block", minimum=1)
    buffer: int = tunable(
        16 * MIB,
        "bbuf_size_kb",
        "bounce buffer; one read is buffer ÷ (2 × threads)",
        unit="bytes",
        minimum=KIB,
    )
    copy_block: int = tunable(
        16 * GIB, "max_copy_block_size", "largest piece of a file given to one thread", unit="bytes", minimum=1
    )
    direct: str = tunable(
        "auto",
        "FASTSAFETENSORS_ODIRECT",
        "O_DIRECT; auto uses it on local file systems",
        choices=("auto", "on", "off"),
    )

    def unavailable(self, device: str) -> str | None:
        """None, or what is wrong with the device."""
        return device_missing(device)

    def memory(self, device: str) -> Memory:
        """The views keep their file's allocation alive, also after close()."""
        return "owned"

    def path(self, device: str) -> str:
        """What `direct` asks for; auto lets the library choose by file system."""
        return {"auto": "auto", "on": "direct", "off": "buffered"}[self.direct]

    def prepare(self, files: Sequence[Path], device: str) -> None:
        """Import the library. It imports torch lazily, in its first constructor; the harness has done so before."""
        # Only "1" switches O_DIRECT on and any other value switches it off, "true" included (0.5.0).
        if self.direct != "auto":
            os.environ["FASTSAFETENSORS_ODIRECT"] = "1" if self.direct == "on" else "0"
        import fastsafetensors

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        """Copy all files to the device at once, then hand out views."""
        from fastsafetensors import SafeTensorsFileLoader, cpp

        loader = SafeTensorsFileLoader(
            None, device, bbuf_size_kb=whole_kib(self.buffer), max_threads=self.threads, nogds=True
        )
        try:
            loader.add_filenames({0: [str(file) for file in files]})
            witness.mark("opened")
            witness.setting("copier", loader.copier_class.__name__)
            copied = loader.copy_files_to_device(max_copy_block_size=self.copy_block)
            # Read before close(), which takes the bounce buffer out of the count.
            witness.setting("bounce_buffer_bytes", cpp.get_cpp_metrics().bounce_buffer_bytes)
            try:
                for name in list(copied.key_to_rank_lidx):
                    yield name, copied.get_tensor(name)
            finally:
                copied.close()
        finally:
            loader.close()
        witness.setting("read_block_bytes", read_block(self.buffer, self.threads))


def whole_kib(size: int) -> int:
    """The buffer in the library's unit, KiB, rounded up: 0 would be an error there."""
    return -(-size // KIB)


def read_block(buffer: int, threads: int) -> int:
    """Bytes of one pread in fastsafetensors 0.5.0: the buffer over twice the threads, in whole KiB, rounded up."""
    return -(-whole_kib(buffer) // (2 * threads)) * KIB
