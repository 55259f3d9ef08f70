"""loadbench's cache directory, and directories that appear whole or not at all.

What is in the cache can be made again at any time: manifests, converted checkpoints, synthetic ones.
"""

import errno
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loadbench.errors import CheckpointError


def default_cache_dir() -> Path:
    """$LOADBENCH_CACHE, else loadbench in $XDG_CACHE_HOME, else ~/.cache/loadbench."""
    own = os.environ.get("LOADBENCH_CACHE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "loadbench"


def cache_subdir(name: str) -> Path:
    """A directory of the cache, made if absent. One that cannot be written is a CheckpointError."""
    path = default_cache_dir() / name
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK | os.X_OK)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    if not writable:
        raise _unwritable(path, "permission denied")
    return path


def _unwritable(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"The cache {path} cannot be written: {why}. Set LOADBENCH_CACHE to a writable directory.")


def write_cache_file(path: Path, text: str) -> None:
    """Write a file of the cache as a whole: readers see the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8")
        sync_file(draft)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _unwritable(path, error.strerror or str(error)) from error


def files_key(files: Iterable[Path], **more: str | int) -> str:
    """A text that changes when one of the files is changed, replaced or renamed. It is JSON."""
    facts = []
    for file in files:
        try:
            stat = file.stat()
        except OSError as error:
            raise CheckpointError(f"{file} cannot be read: {error.strerror}.") from error
        real = str(file.resolve())
        facts.append([real, stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns])
    return json.dumps({"files": facts, **more}, sort_keys=True)


@contextmanager
def whole_directory(target: Path, needed_bytes: int, place: str) -> Iterator[Path]:
    """A hidden directory beside `target` that becomes `target` when the block ends well, and vanishes otherwise.

    What killed processes left for the same target is removed first, then the room is checked. `place`
    says in messages what to change for another target. Every OSError becomes a CheckpointError.
    """
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        _check_room(target.parent, needed_bytes, place)
        partial.mkdir()
    except OSError as error:
        raise CheckpointError(f"{target.parent} cannot be written: {error.strerror}. {place}") from error
    lock = os.open(partial, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: leftovers then stay until removed by hand
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield partial
        sync_file(partial)
        partial.rename(target)
        sync_file(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise CheckpointError(
                f"{target} was made by somebody else in the meantime. Run the command again."
            ) from error
        raise CheckpointError(f"{target} cannot be written: {error.strerror}. {place}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        os.close(lock)


def _remove_leftovers(target: Path) -> None:
    """Remove the hidden directories of processes that ended without removing them."""
    ours = re.compile(re.escape(f".{target.name}.partial-") + r"\d+")
    for leftover in [entry for entry in target.parent.iterdir() if ours.fullmatch(entry.name)]:
        with suppress(OSError):  # BlockingIOError: its process lives
            lock = os.open(leftover, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(leftover)
            finally:
                os.close(lock)


def _check_room(directory: Path, needed: int, place: str) -> None:
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise CheckpointError(f"{directory} has no room: {needed:,} bytes are needed, {free:,} are free. {place}")


def sync_file(path: Path) -> None:
    """Wait until a file's (or a directory's) content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
