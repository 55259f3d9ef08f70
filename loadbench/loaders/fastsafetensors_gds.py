"""fastsafetensors with GPUDirect Storage: cuFile moves the bytes from storage to GPU memory."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loadbench.loaders.contract import Memory, Witness, tunable
from loadbench.loaders.devices import device_missing
from loadbench.loaders.fastsafetensors_nogds import whole_kib
from loadbench.records import Value
from loadbench.units import GIB, KIB, MIB

if TYPE_CHECKING:
    import torch

NVIDIA_FS_NODE = Path("/dev/nvidia-fs0")
NVIDIA_FS_STATS = Path("/proc/driver/nvidia-fs/stats")


@dataclass(frozen=True)
class FastsafetensorsGds:
    """`SafeTensorsFileLoader(nogds=False)`. A trial is called gds only with proof from the nvidia-fs driver."""

    distributions: ClassVar[tuple[str, ...]] = ("fastsafetensors",)
    formats: ClassVar[tuple[str, ...]] = ("safetensors",)
    devices: ClassVar[tuple[str, ...]] = ("cuda",)
    ceiling: ClassVar[bool] = False
    variants: ClassVar[dict[str, tuple[Value, ...]]] = {}

    threads: int = tunable(16, "max_threads", "reader threads", minimum=1)
    buffer: int = tunable(16 * MIB, "bbuf_size_kb", "bounce buffer of the fallback path", unit="bytes", minimum=KIB)
    copy_block: int = tunable(
        16 * GIB, "max_copy_block_size", "largest piece of a file given to one thread", unit="bytes", minimum=1
    )

    def unavailable(self, device: str) -> str | None:
        """GDS needs the nvidia-fs driver's node and cuFile; without either the library would fall back in silence."""
        missing = device_missing(device)
        if missing:
            return missing
        if not NVIDIA_FS_NODE.exists():
            return f"{NVIDIA_FS_NODE} does not exist: the nvidia-fs driver of GPUDirect Storage is not loaded"
        try:
            ctypes.CDLL("libcufile.so.0")
        except OSError:
            return "libcufile.so.0 cannot be opened: install the cuFile library of CUDA"
        return None

    def memory(self, device: str) -> Memory:
        """The views keep their file's allocation alive, also after close()."""
        return "owned"

    def path(self, device: str) -> str:
        """Always gds; what was really taken is attested."""
        return "gds"

    def prepare(self, files: Sequence[Path], device: str) -> None:
        """Import the library."""
        import fastsafetensors

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        """Copy all files to the device at once, hand out views, then tell which path the driver counted."""
        from fastsafetensors import SafeTensorsFileLoader, cpp

        reads_before = nvidia_fs_reads()
        loader = SafeTensorsFileLoader(
            None, device, bbuf_size_kb=whole_kib(self.buffer), max_threads=self.threads, nogds=False
        )
        try:
            loader.add_filenames({0: [str(file) for file in files]})
            witness.mark("opened")
            copied = loader.copy_files_to_device(max_copy_block_size=self.copy_block)
            copier = loader.copier_class.__name__
            bounced = cpp.get_cpp_metrics().bounce_buffer_bytes
            try:
                for name in list(copied.key_to_rank_lidx):
                    yield name, copied.get_tensor(name)
            finally:
                copied.close()
        finally:
            loader.close()
        witness.setting("copier", copier)
        witness.setting("bounce_buffer_bytes", bounced)
        witness.path(*gds_path(copier, bounced, reads_before, nvidia_fs_reads()))


def gds_path(copier: str, bounce_bytes: int, reads_before: int | None, reads_after: int | None) -> tuple[str, str]:
    """The path taken and its evidence. The class name alone proves nothing: a copier may fall back per file (0.5.0)."""
    if copier != "GdsFileCopier":
        return "bounce", f"the library chose {copier}"
    if bounce_bytes > 0:
        return "bounce", f"{bounce_bytes} bytes of bounce buffer were allocated"
    if reads_before is None or reads_after is None:
        return "cufile, mode unknown", f"{NVIDIA_FS_STATS} cannot be read, so compatibility mode cannot be excluded"
    if reads_after > reads_before:
        return "gds", f"nvidia-fs counted {reads_after - reads_before} reads"
    return "cufile compatibility", "nvidia-fs counted no read"


def nvidia_fs_reads() -> int | None:
    """Number of reads that the nvidia-fs driver has served, or None where it does not tell."""
    try:
        text = NVIDIA_FS_STATS.read_text()
    except OSError:
        return None
    if "IO stats: Disabled" in text:
        return None
    for line in text.splitlines():
        # "Reads : n=1234 ok=1234 err=0 readMiB=..."
        if line.strip().startswith("Reads") and "n=" in line:
            return int(line.split("n=")[1].split()[0])
    return None
