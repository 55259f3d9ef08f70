"""Private copies of a checkpoint: files that nobody else reads or maps, so that they can be evicted and told.

A copy's directory is named `.loadbench-copy-PID-MACHINE-START-random` after the process that made it, so that
a later sweep can tell which ones a dead process left behind. Other machines or containers may share the
directory; their process numbers mean nothing here, and their copies are left alone.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from loadbench.errors import CacheControlError
from loadbench.machine.kernel import text_of
from loadbench.machine.mounts import all_mounts, mount_of
from loadbench.machine.processes import start_ticks
from loadbench.machine.residency import MEMORY_FILE_SYSTEMS, residency, untold_reason
from loadbench.units import MIB, human_size

_PREFIX = ".loadbench-copy-"
_NAME = re.compile(r"\.loadbench-copy-(\d+)-([0-9a-f]+)-(\d+)-\w+")
_CHUNK = 8 * MIB
_SYNC_EVERY = 256 * MIB
_SPARE = 64 * MIB


def copy_problem(files: Sequence[Path], directory: Path) -> str | None:
    """Why no useful private copy can be made in the directory; None where one can."""
    try:
        needed = sum(file.stat().st_size for file in files) + _SPARE
        mount = mount_of(directory, all_mounts())
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    file_system = mount.file_system if mount else "an unknown file system"
    if file_system in MEMORY_FILE_SYSTEMS:
        return f"{directory} is on {file_system}, which keeps its files in memory, from where they cannot be evicted"
    reason = untold_reason(file_system)
    if reason:
        return f"the state of a copy in {directory} could not be told ({reason.removeprefix('none: ')})"
    if not os.access(directory, os.W_OK, effective_ids=True):
        return f"{directory} is not writable"
    if free < needed:
        return f"a copy in {directory} needs {human_size(needed)}, {human_size(free)} are free"
    return None


def private_copy(files: Sequence[Path], directory: Path) -> tuple[Path, ...]:
    """Copy the files into a new directory inside `directory` and leave no page of the copies resident.

    Every byte is read and written, so that a file system that can share blocks does not. The caller removes
    the directory (the parent of the returned paths). Raises `CacheControlError`, leaving nothing behind.
    """
    problem = copy_problem(files, directory)
    if problem:
        raise CacheControlError(f"cannot make a private copy: {problem}.")
    target = Path(
        tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-{_machine()}-{start_ticks(os.getpid())}-", dir=directory)
    )
    names = [file.name for file in files]
    if len(set(names)) < len(names):
        names = [f"{index}-{name}" for index, name in enumerate(names)]
    copies = tuple(target / name for name in names)
    try:
        for file, copy in zip(files, copies, strict=True):
            _copy(file, copy)
        state = residency(copies)
        if state.state != "cold":
            raise CacheControlError(
                f"the private copy in {directory} is {state.text} right after it was written and evicted."
                " Is something scanning new files there? Use another directory, or --cache warm."
            )
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise CacheControlError(f"cannot make a private copy in {directory}: {error}.") from error
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return copies


def remove_stale_copies(directory: Path) -> tuple[Path, ...]:
    """Remove the copies in the directory whose process is dead, and say which."""
    stale = []
    for path in directory.glob(f"{_PREFIX}*"):
        name = _NAME.fullmatch(path.name)
        if name and name[2] == _machine() and start_ticks(int(name[1])) != int(name[3]):
            shutil.rmtree(path, ignore_errors=True)
            stale.append(path)
    return tuple(path for path in stale if not path.exists())


def _copy(file: Path, copy: Path) -> None:
    buffer = memoryview(bytearray(_CHUNK))
    with file.open("rb", buffering=0) as source, copy.open("xb", buffering=0) as target:
        unsynced = 0
        while size := source.readinto(buffer):
            written = 0
            while written < size:
                written += target.write(buffer[written:size])
            unsynced += size
            if unsynced >= _SYNC_EVERY:  # or a checkpoint larger than memory pushes everything else out
                _write_and_evict(target.fileno())
                os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                unsynced = 0
        _write_and_evict(target.fileno())


def _write_and_evict(descriptor: int) -> None:
    os.fsync(descriptor)  # Dirty pages are not evicted.
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _machine() -> str:
    """A name for where process numbers are valid: this machine and this PID namespace."""
    parts = (text_of("/etc/machine-id") or os.uname().nodename, Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]
