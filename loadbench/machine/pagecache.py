"""Bringing files into and out of this machine's page cache, and the proof of it.

Cold is reached by the first rung of a ladder that the residency read back confirms. fadvise comes first
because it touches the checkpoint's own pages only. drop_caches also evicts the pages of the interpreter, of
torch and of every other program, and what a trial then waits for is not the checkpoint alone; the evidence
is the same. A private copy helps where somebody else maps the files or the kernel tells only their owner.
"""

import errno
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from loadbench.errors import CacheControlError, CheckpointError, unknown_name
from loadbench.machine.copies import copy_problem
from loadbench.machine.memory import available_bytes
from loadbench.machine.processes import mapped_by
from loadbench.machine.residency import MEMORY_FILE_SYSTEMS, mincore_trusted, residency
from loadbench.machine.storage import describe_storage
from loadbench.records import Residency
from loadbench.units import MIB, human_size

ColdMethod = Literal["fadvise", "drop_caches", "copy"]
COLD_METHODS: tuple[ColdMethod, ...] = ("fadvise", "drop_caches", "copy")

_CANNOT_SYNC = (errno.EROFS, errno.EINVAL)
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
_TRIES = 3
_WARM_THREADS = 4
_PIECE = 64 * MIB
_READ = 4 * MIB


def evict(files: Sequence[Path], by: str) -> None:
    """Ask the kernel to drop the files' pages, by `fadvise` or `drop_caches`. Whether it did, `residency` tells.

    Raises `CheckpointError` for a file that is not there, `CacheControlError` where the kernel or the file refuses.
    """
    if by not in ("fadvise", "drop_caches"):
        raise unknown_name("way to evict", by, ("fadvise", "drop_caches"))
    for file in files:
        try:
            with file.open("rb", buffering=0) as stream:
                _write_back(stream.fileno())
                if by == "fadvise":
                    os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        except FileNotFoundError as error:
            raise CheckpointError(f"cannot evict {file}: {error.strerror}. Check that it exists.") from error
        except OSError as error:
            raise CacheControlError(f"cannot evict {file}: {error.strerror}. Check that it can be read.") from error
    if by == "drop_caches":
        try:
            _DROP_CACHES.write_text("1")
        except OSError as error:
            raise CacheControlError(
                f"cannot write {_DROP_CACHES}: {error.strerror}. It takes root, and in a container --privileged."
            ) from error


def choose_cold_method(files: Sequence[Path], wish: str = "auto", copy_directory: Path | None = None) -> ColdMethod:
    """The first way on the ladder that makes the files cold, tried on them now; or the one wished for.

    `copy` means: make a `private_copy` in `copy_directory` (by default beside the first file), load that, and
    evict it by fadvise between trials. Raises `CacheControlError` where no way works.
    """
    if wish not in ("auto", *COLD_METHODS):
        raise unknown_name("way to make files cold", wish, ("auto", *COLD_METHODS))
    problems = []
    for method in COLD_METHODS:
        if wish not in ("auto", method):
            continue
        directory = copy_directory or files[0].parent
        problem = copy_problem(files, directory) if method == "copy" else _eviction_problem(files, method)
        if problem is None:
            return method
        problems.append(problem)
    raise CacheControlError(f"cannot make the checkpoint cold: {'; '.join(dict.fromkeys(problems))}. {_advice(files)}")


def _eviction_problem(files: Sequence[Path], method: ColdMethod) -> str | None:
    """Why the method does not make the files cold; None if it does."""
    state = residency(files)
    if state.state == "unknown":
        return f"whether an eviction works cannot be told ({_untold(state)})"
    for _ in range(_TRIES):
        try:
            evict(files, method)
        except CacheControlError as error:
            return str(error).rstrip(".")
        if residency(files).state == "cold":
            return None
    return f"after {method} {_who_stays(files)}"


def _who_stays(files: Sequence[Path]) -> str:
    resident = [(file, state) for file in files if (state := residency([file])).state != "cold"]
    if not resident:
        return "pages came back: something reads the files"
    file, state = resident[0]
    mappers = mapped_by(file)
    reason = f"mapped by {', '.join(mappers[:3])}" if mappers else "no process that we may look into maps it"
    others = f", and {len(resident) - 1} more" if len(resident) > 1 else ""
    return f"{human_size(state.resident_bytes or 0)} of {file} stay in the page cache ({reason}){others}"


def _advice(files: Sequence[Path]) -> str:
    if any(describe_storage(file).file_system in MEMORY_FILE_SYSTEMS for file in files):
        return "Put the checkpoint on a disk, or measure with --cache warm."
    if residency(files).state == "unknown":
        if all(mincore_trusted(file) for file in files):
            return "Put the checkpoint on a local disk (ext4, xfs, btrfs)."
        return "Run as root or as the files' owner, or make room for a private copy on a local disk."
    if any(mapped_by(file) for file in files):
        first = "Stop the processes that map it"
    else:
        first = "Run as root" if os.geteuid() else "Find out what reads or pins it"
    return f"{first}, make room for a private copy, or measure with --cache warm."


def warm(files: Sequence[Path]) -> None:
    """Read every byte through the page cache."""
    pieces = [(file, start) for file in files for start in range(0, file.stat().st_size, _PIECE)]
    with ThreadPoolExecutor(_WARM_THREADS) as pool:
        for _ in pool.map(_read_piece, pieces):
            pass


def make_warm(files: Sequence[Path]) -> None:
    """Read the files until they are warm. Raises `CacheControlError` where they cannot be, or it cannot be told."""
    state = residency(files)
    missing = state.total_bytes - (state.resident_bytes or 0)
    if state.state == "unknown":
        raise CacheControlError(f"cannot tell whether the checkpoint is warm: {_untold(state)}. {_advice(files)}")
    if state.state != "warm" and missing > available_bytes():
        raise CacheControlError(
            f"the checkpoint does not fit into the page cache: {human_size(missing)} of it are still to be read, and"
            f" {human_size(available_bytes())} of memory are available. Free memory, raise the control group's"
            " limit, or measure with --cache cold."
        )
    for _ in range(_TRIES):
        if state.state == "warm" or state.total_bytes == 0:
            return
        warm(files)
        state = residency(files)
    if state.state != "warm":
        raise CacheControlError(
            f"the checkpoint does not stay in the page cache: {state.text} after {_TRIES} complete reads. Something"
            " needs the memory or evicts the files. Free memory, or measure with --cache cold."
        )


def _untold(state: Residency) -> str:
    return state.method.removeprefix("none: ")


def _write_back(descriptor: int) -> None:
    """Dirty pages are not evicted. A file that cannot be synced (read-only media) has none."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _read_piece(piece: tuple[Path, int]) -> None:
    file, start = piece
    buffer = bytearray(_READ)
    with file.open("rb", buffering=0) as stream:
        stream.seek(start)
        left = _PIECE
        while left > 0 and (size := stream.readinto(buffer)):
            left -= size
