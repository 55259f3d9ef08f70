"""Every built-in loader under a second name: what is told apart between the two is a false alarm.

Found through a real entry point when this folder is on PYTHONPATH. `scripts/twins/sweep` measures them side by side.
"""

from dataclasses import dataclass

from loadbench.loaders.fastsafetensors_nogds import FastsafetensorsNogds
from loadbench.loaders.runai_streamer import RunaiStreamer
from loadbench.loaders.safetensors_mmap import SafetensorsMmap
from loadbench.loaders.safetensors_pread import SafetensorsPread
from loadbench.loaders.tensorizer import Tensorizer


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
