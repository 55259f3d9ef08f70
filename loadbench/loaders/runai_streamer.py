"""Run:ai Model Streamer: asynchronous reads into a ring of host buffers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loadbench.loaders.contract import Memory, Witness, tunable
from loadbench.loaders.devices import device_missing
from loadbench.records import Value
from loadbench.units import MIB

if TYPE_CHECKING:
    import torch

STRATEGIES = ("io_uring_direct", "libaio_direct", "sync_buffered", "io_uring_buffered")


@dataclass(frozen=True)
class RunaiStreamer:
    """`SafetensorsStreamer` with tensors that survive the stream (`owned=True`). Set through its environment."""

    distributions: ClassVar[tuple[str, ...]] = ("runai-model-streamer",)
    formats: ClassVar[tuple[str, ...]] = ("safetensors",)
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    ceiling: ClassVar[bool] = False
    variants: ClassVar[dict[str, tuple[Value, ...]]] = {}

    concurrency: int = tunable(
        16, "RUNAI_STREAMER_CONCURRENCY", "reads in flight; with sync_buffered, reader threads", minimum=1
    )
    memory_limit: int = tunable(
        40_000_000_000,
        "RUNAI_STREAMER_MEMORY_LIMIT",
        "host buffers; -1 none, 0 the least",
        unit="bytes",
        minimum=-1,
    )
    strategy: str = tunable(
        "auto",
        "RUNAI_STREAMER_FS_STRATEGY",
        "how files are read; auto takes the first that works",
        choices=("auto", *STRATEGIES),
    )
    block: int = tunable(
        8 * MIB, "RUNAI_STREAMER_FS_CHUNK_BYTESIZE", "one asynchronous read", unit="bytes", minimum=512
    )
    chunk: int = tunable(
        2 * MIB, "RUNAI_STREAMER_CHUNK_BYTESIZE", "one read of sync_buffered", unit="bytes", minimum=2 * MIB
    )
    ring_buffers: int = tunable(18, "RUNAI_STREAMER_RING_BUFFERS", "buffers in the ring", minimum=1)

    def unavailable(self, device: str) -> str | None:
        """None, or what is wrong with the device."""
        return device_missing(device)

    def memory(self, device: str) -> Memory:
        """With owned=True the library gives tensors away; with owned=False 0.17.0 overwrites them in silence."""
        return "owned"

    def path(self, device: str) -> str:
        """What `strategy` asks for."""
        return "auto" if self.strategy == "auto" else self.strategy.rpartition("_")[2]

    def prepare(self, files: Sequence[Path], device: str) -> None:
        """Set the environment, then import: the log settings are read at import only (0.17.0)."""
        os.environ["RUNAI_STREAMER_LOG_LEVEL"] = "INFO"
        os.environ["RUNAI_STREAMER_LOG_TO_STDERR"] = "1"
        os.environ["RUNAI_STREAMER_CONCURRENCY"] = str(self.concurrency)
        os.environ["RUNAI_STREAMER_MEMORY_LIMIT"] = str(self.memory_limit)
        os.environ["RUNAI_STREAMER_FS_CHUNK_BYTESIZE"] = str(self.block)
        os.environ["RUNAI_STREAMER_CHUNK_BYTESIZE"] = str(self.chunk)
        os.environ["RUNAI_STREAMER_RING_BUFFERS"] = str(self.ring_buffers)
        if self.strategy != "auto":
            os.environ["RUNAI_STREAMER_FS_STRATEGY"] = self.strategy
        import runai_model_streamer

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        """Stream all files; tensors come in the order of completion."""
        from runai_model_streamer import SafetensorsStreamer

        with SafetensorsStreamer() as streamer:
            streamer.stream_files([str(file) for file in files], device=device, owned=True)
            witness.mark("opened")
            yield from streamer.get_tensors()
            witness.setting("unaligned_copies", streamer.unaligned_copies)
        for name, value in settings_in_log(witness.output()).items():
            witness.setting(name, value)


def settings_in_log(log: str) -> dict[str, Value]:
    """What the library's own log (0.17.0, level INFO) says that it used: the only place where it tells."""
    found: dict[str, Value] = {}
    strategy = re.search(r"Filesystem strategy: (\w+)", log)
    if strategy:
        found["strategy"] = strategy[1]
    depth = re.search(r"Async io worker ready: .*?depth (\d+)", log)
    if depth:
        found["concurrency"] = int(depth[1])
    ring = re.search(r"CPU ring (\d+) x", log)
    if ring:
        found["ring_buffers_used"] = int(ring[1])
    block = re.search(r"Direct-I/O block for this mount: (\d+)", log)
    if block:
        found["direct_block_bytes"] = int(block[1])
    return found
