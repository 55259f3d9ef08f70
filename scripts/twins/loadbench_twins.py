"""Every built-in loader under a second name, as it is (a twin) and made slower by a percentage that is set.

What is told apart between a loader and its twin is a false alarm; a slowed one that is not found is a miss. Found
through real entry points when this folder is on PYTHONPATH. `scripts/twins/sweep` and `scripts/twins/slowed` measure
them side by side.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from loadbench.loaders.contract import Witness, tunable
from loadbench.loaders.fastsafetensors_nogds import FastsafetensorsNogds
from loadbench.loaders.runai_streamer import RunaiStreamer
from loadbench.loaders.safetensors_mmap import SafetensorsMmap
from loadbench.loaders.safetensors_pread import SafetensorsPread
from loadbench.loaders.tensorizer import Tensorizer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MmapTwin(SafetensorsMmap):
    """safetensors-mmap again."""


@dataclass(frozen=True)
class PreadTwin(SafetensorsPread):
    """safetensors-pread again."""


@dataclass(frozen=True)
class NogdsTwin(FastsafetensorsNogds):
    """fastsafetensors-nogds again."""


@dataclass(frozen=True)
class RunaiTwin(RunaiStreamer):
    """runai-streamer again."""


@dataclass(frozen=True)
class TensorizerTwin(Tensorizer):
    """tensorizer again."""


def slowly(tensors: Iterator[tuple[str, torch.Tensor]], percent: int) -> Iterator[tuple[str, torch.Tensor]]:
    """The same tensors, and after the last one a sleep of so many percent of the time that all of them took."""
    started = time.monotonic()
    yield from tensors
    time.sleep((time.monotonic() - started) * percent / 100)


def percents() -> int:
    """The tunable of a loader that was made slower."""
    return cast("int", tunable(0, "percent", "how much longer its load takes", minimum=0))


@dataclass(frozen=True)
class MmapSlowed(SafetensorsMmap):
    """safetensors-mmap, made slower."""

    percent: int = percents()

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        yield from slowly(super().load(files, device, witness), self.percent)


@dataclass(frozen=True)
class PreadSlowed(SafetensorsPread):
    """safetensors-pread, made slower."""

    percent: int = percents()

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        yield from slowly(super().load(files, device, witness), self.percent)


@dataclass(frozen=True)
class NogdsSlowed(FastsafetensorsNogds):
    """fastsafetensors-nogds, made slower."""

    percent: int = percents()

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        yield from slowly(super().load(files, device, witness), self.percent)


@dataclass(frozen=True)
class RunaiSlowed(RunaiStreamer):
    """runai-streamer, made slower."""

    percent: int = percents()

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        yield from slowly(super().load(files, device, witness), self.percent)


@dataclass(frozen=True)
class TensorizerSlowed(Tensorizer):
    """tensorizer, made slower."""

    percent: int = percents()

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        yield from slowly(super().load(files, device, witness), self.percent)
