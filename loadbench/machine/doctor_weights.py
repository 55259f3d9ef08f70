"""The checkpoints' own files: whether the kernel tells us about them, and who holds their pages in memory."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from loadbench.errors import LoadbenchError
from loadbench.machine.copies import copy_problem
from loadbench.machine.processes import mapped_by
from loadbench.machine.residency import residency
from loadbench.records import Residency

SUFFIXES = (".safetensors", ".tensors")
_MOST_ENTRIES = 20_000
_MOST_RESIDENT = 32


@dataclass(frozen=True)
class Weights:
    """What is known of the weight files at a path."""

    files: tuple[Path, ...]
    complete: bool
    """False where there was more than could be looked through."""
    size: int
    unreadable: str
    """The first file that cannot be opened and why; empty if all can."""
    method: str
    """How the pages of those that can be told are counted."""
    untold: str
    """Why the pages of one of them cannot be counted; empty if all can."""
    mapped: str
    """The first resident one that another process maps, and which process; empty if none is."""
    copy_problem: str
    """Why no private copy can be made of the checkpoint that is untold or mapped; empty if one can, or none is."""

    @property
    def kept(self) -> str:
        """Why one of them cannot be proven cold itself; empty if all can."""
        return self.untold or (f"{self.mapped} is mapped" if self.mapped else "")

    @property
    def lost(self) -> str:
        """Why none of them can be loaded; empty if one can."""
        return "" if self.method or self.untold else self.unreadable


NO_WEIGHTS = Weights((), True, 0, "", "", "", "", "")
"""Of a path where there is nothing."""


def weights_at(path: Path) -> Weights:
    """Look at the weight files at a path: the file itself, or all below a directory."""
    files, complete = _found(path)
    states = dict[Path, Residency]()
    unreadable = ""
    for file in files:
        try:
            states[file] = residency([file])
        except (OSError, LoadbenchError):
            unreadable = unreadable or f"{file} cannot be opened"
    untold = next((file for file, state in states.items() if state.state == "unknown"), None)
    resident = sorted(states, key=lambda file: -(states[file].resident_bytes or 0))
    mapped, mappers = _mapped([file for file in resident[:_MOST_RESIDENT] if states[file].resident_bytes])
    more = resident[_MOST_RESIDENT:]
    kept = untold or mapped
    return Weights(
        files=files,
        complete=complete and not (more and states[more[0]].resident_bytes),
        size=sum(state.total_bytes for state in states.values()),
        unreadable=unreadable,
        method=", ".join(dict.fromkeys(state.method for state in states.values() if state.state != "unknown")),
        untold=states[untold].method.removeprefix("none: ") if untold else "",
        mapped=f"{mapped} by {', '.join(mappers[:3])}" if mapped else "",
        # A sweep is of one checkpoint, the files of one directory.
        copy_problem=copy_problem([file for file in states if file.parent == kept.parent], kept.parent) or ""
        if kept
        else "",
    )


def _found(path: Path) -> tuple[tuple[Path, ...], bool]:
    if not path.is_dir():
        return ((path,) if path.exists() else ()), True
    entries = (Path(base, name) for base, _, names in os.walk(path) for name in names)
    seen = list(islice(entries, _MOST_ENTRIES + 1))
    files = [file for file in seen[:_MOST_ENTRIES] if file.suffix in SUFFIXES and file.is_file()]
    return tuple(sorted(files)), len(seen) <= _MOST_ENTRIES


def _mapped(files: Sequence[Path]) -> tuple[Path | None, list[str]]:
    for file in files:
        mappers = mapped_by(file)
        if mappers:
            return file, mappers
    return None, []
