"""What happens to a small file beside the checkpoints: it is written, read, evicted, read again and read directly."""

import mmap
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadbench.errors import LoadbenchError
from loadbench.machine.kernel import fields_of
from loadbench.machine.pagecache import evict
from loadbench.machine.residency import cachestat_pages, mincore_pages, mincore_trusted, residency
from loadbench.machine.storage import describe_storage, device_read_bytes
from loadbench.records import Residency
from loadbench.units import MIB

SIZE = 4 * MIB
"""Large enough to be seen in counters that others use too, small enough for anybody's disk."""

PREFIX = ".loadbench-doctor-"
_BLOCK = MIB
_TRIES = 3
_PAGE = os.sysconf("SC_PAGE_SIZE")
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")


@dataclass(frozen=True)
class DirectRead:
    """An O_DIRECT read of an evicted file."""

    problem: str
    """Why it failed; empty if it did not."""
    cached_bytes: int | None
    """What it left in the page cache: nothing, if it went past it."""


@dataclass(frozen=True)
class Probe:
    """What was seen of one file."""

    file: Path
    made: bool
    """Whether the file was made for this, and is gone again; False for one that was there."""
    file_system: str
    device: str | None
    size: int
    """Bytes that were read of it."""
    cached: Residency
    """After it was read."""
    evicted: Residency
    """After fadvise."""
    cachestat_bytes: int | None
    """What cachestat counted after it was read; None where the kernel does not answer."""
    mincore_bytes: int | None
    """The same by mincore; None where it would not tell us the truth."""
    counted_bytes: int | None
    """What /proc/self/io counted while the evicted file was read again; None where it cannot be read."""
    disk_bytes: int | None
    """The same by the block device's statistics, in which others' reads count too."""
    direct: DirectRead


def try_files(directory: Path, others: Sequence[Path]) -> Probe | str:
    """Try a new file in the directory; where none can be made, the first of the others that can be read.

    The new file is removed. Of another file the pages are evicted. Returns why nothing could be tried.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix=PREFIX, dir=directory, buffering=0) as stream:
            stream.write(os.urandom(SIZE))
            return _tried(Path(stream.name), made=True)
    except (OSError, LoadbenchError) as error:
        problem = f"{directory}: {getattr(error, 'strerror', None) or error}"
    for file in others:
        try:
            if file.stat().st_size:
                return _tried(file, made=False)
        except (OSError, LoadbenchError):
            continue
    return problem


def drop_caches_problem() -> str:
    """Why the whole page cache cannot be dropped; empty where it can. Opening the file drops nothing."""
    try:
        os.close(os.open(_DROP_CACHES, os.O_WRONLY | os.O_CLOEXEC))
    except OSError as error:
        return f"{_DROP_CACHES}: {error.strerror}"
    return ""


def _tried(file: Path, *, made: bool) -> Probe:
    storage = describe_storage(file)
    size = min(SIZE, file.stat().st_size)
    _read(file, size)
    cached = residency([file])
    with file.open("rb", buffering=0) as stream:
        cachestat = cachestat_pages(stream.fileno())
        mincore = mincore_pages(stream.fileno(), 0, size) if mincore_trusted(file) else None
    evicted = _evicted(file)
    counted, disk = _counted(), _disk(storage.device)
    _read(file, size)
    counted, disk = _difference(counted, _counted()), _difference(disk, _disk(storage.device))
    return Probe(
        file=file,
        made=made,
        file_system=storage.file_system,
        device=storage.device,
        size=size,
        cached=cached,
        evicted=evicted,
        cachestat_bytes=None if cachestat is None else cachestat * _PAGE,
        mincore_bytes=None if mincore is None else mincore * _PAGE,
        counted_bytes=counted,
        disk_bytes=disk,
        direct=_direct(file),
    )


def _read(file: Path, size: int) -> None:
    """Read the file's beginning, and nothing beyond it: what is read ahead would come after an eviction."""
    with file.open("rb", buffering=0) as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        left = size
        while left > 0 and (got := stream.read(min(left, _BLOCK))):
            left -= len(got)


def _evicted(file: Path) -> Residency:
    for _ in range(_TRIES):
        evict([file], "fadvise")
        state = residency([file])
        if state.state == "cold":
            break
    return state


def _direct(file: Path) -> DirectRead:
    _evicted(file)
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
        try:
            with mmap.mmap(-1, _BLOCK) as aligned:
                os.preadv(descriptor, [aligned], 0)
        finally:
            os.close(descriptor)
    except OSError as error:
        return DirectRead(error.strerror or str(error), None)
    return DirectRead("", residency([file]).resident_bytes)


def _counted() -> int | None:
    return fields_of("/proc/self/io").get("read_bytes")


def _disk(device: str | None) -> int | None:
    try:
        return device_read_bytes(device) if device else None
    except LoadbenchError:
        return None


def _difference(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before
