"""What the parts of the probe have in common: what they are asked for and what they give back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from loadbench.records import Ceiling, CeilingKind
from loadbench.units import GIB

LIMIT = GIB
"""Bytes of the files that one repetition moves at most, so that a probe of a huge checkpoint takes seconds."""

Progress = Callable[[int, int], None]
"""Takes bytes moved and bytes to move in total; the total may change on the way."""


@dataclass(frozen=True)
class Probed:
    """The ceilings that were measured, and one line for each kind that was not, with its reason."""

    ceilings: tuple[Ceiling, ...] = ()
    missing: tuple[str, ...] = ()

    def __add__(self, other: "Probed") -> "Probed":
        return Probed(self.ceilings + other.ceilings, self.missing + other.missing)


@dataclass(frozen=True)
class Task:
    """What is to be measured."""

    files: tuple[Path, ...]
    checkpoint: str
    devices: tuple[str, ...]
    """Those that the link is measured to; the CPU has none."""
    limit: int


def stage_name(kind: CeilingKind, device: str) -> str:
    """`storage`, or `link, pinned to cuda:0`: there may be a link to several devices."""
    return kind if device == "cpu" else f"{kind} to {device}"


class MissingError(Exception):
    """A ceiling that cannot be measured here; the message says why."""


@dataclass
class Tally:
    """Counts the bytes moved, over all stages, for whoever shows the progress."""

    show: Progress
    planned: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)

    def plan(self, stage: str, size: int) -> None:
        """A stage is going to move so many bytes."""
        self.planned[stage] = size
        self._tell()

    def moved(self, stage: str, size: int) -> None:
        """So many bytes more."""
        self.done[stage] = self.done.get(stage, 0) + size
        self._tell()

    def end(self, stage: str) -> None:
        """Nothing more is to come of this stage, whatever was planned."""
        self.planned[stage] = self.done.get(stage, 0)
        self._tell()

    def _tell(self) -> None:
        done = sum(self.done.values())
        self.show(done, max(done, sum(self.planned.values())))
