"""Writes synthetic checkpoints: at the disk's own speed, and whole or not at all."""

import ctypes
import errno
import json
import mmap
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from loadbench.checkpoints.cache import cache_subdir, sync_file, whole_directory
from loadbench.checkpoints.checkpoint import INDEX_FILE, RECIPE_FILE, Checkpoint, open_checkpoint
from loadbench.checkpoints.content import BLOCK, fill_block
from loadbench.checkpoints.header import raw_header
from loadbench.checkpoints.plan import CheckpointPlan, FilePlan, ModelRequest, plan_like, plan_model
from loadbench.errors import CheckpointError, UsageError

Progress = Callable[[int, int], None]
"""Is told the bytes done and the bytes in all, from the calling thread or another."""


def make_checkpoint(
    spec_name: str | None,
    out: Path,
    *,
    layers: int | None = None,
    scale: float | None = None,
    like: Path | None = None,
    variant: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Checkpoint:
    """Make a known model's checkpoint, or one like an existing one, in `out`, unless it is there already."""
    plan = plan_checkpoint(spec_name, layers=layers, scale=scale, like=like, variant=variant, seed=seed)
    return already_made(plan, out) or write_checkpoint(plan, out, progress)


def plan_checkpoint(
    spec_name: str | None,
    *,
    layers: int | None = None,
    scale: float | None = None,
    like: Path | None = None,
    variant: str | None = None,
    seed: int = 0,
) -> CheckpointPlan:
    """What make_checkpoint would write. Either a model or `like` must be given."""
    if seed < 0:
        raise UsageError(f"--seed {seed} is not possible: give 0 or more.")
    if like is not None:
        if any(given is not None for given in (spec_name, layers, scale, variant)):
            raise UsageError("--like takes everything from the other checkpoint: give no model, --layers, ... with it.")
        return plan_like(like, seed)
    if spec_name is None:
        raise UsageError("No model is named. Give one, such as gpt2, or --like DIR.")
    return plan_model(ModelRequest(spec_name, variant, layers, scale, seed))


def ensure_spec(name: str, progress: Progress | None = None) -> Checkpoint:
    """The checkpoint of a request's name (`gpt2`, `llama-3-8b-layers4`) out of the cache, made if absent."""
    plan = plan_model(ModelRequest.parse(name))
    out = cache_subdir("checkpoints") / plan.name
    return already_made(plan, out) or write_checkpoint(plan, out, progress)


def already_made(plan: CheckpointPlan, out: Path) -> Checkpoint | None:
    """The checkpoint if `out` holds just it; None if `out` is absent or empty; else a CheckpointError."""
    try:
        if not out.exists() or (out.is_dir() and not any(out.iterdir())):
            return None
    except OSError as error:
        raise CheckpointError(f"{out} cannot be read: {error.strerror}. Name another --out.") from error
    other = CheckpointError(f"{out} exists and is not {plan.name} ({plan.source}). Remove it, or name another --out.")
    if not out.is_dir():
        raise other
    try:
        same = (out / RECIPE_FILE).read_text("utf-8") == _recipe_text(plan) and all(
            raw_header(out / file.name) == (file.header, file.bytes) for file in plan.files
        )
    except (OSError, ValueError, CheckpointError):
        raise other from None
    if not same:
        raise other
    return open_checkpoint(out)


def write_checkpoint(plan: CheckpointPlan, out: Path, progress: Progress | None = None) -> Checkpoint:
    """Write a planned checkpoint. It appears in `out` when all its bytes are on the disk, not before."""
    place = "Make room or name another --out."
    with whole_directory(out.absolute(), plan.bytes + len(plan.index) + 2**20, place) as draft:
        _write_files(plan, draft, progress)
        if plan.index:
            _write_text(draft / INDEX_FILE, plan.index)
        _write_text(draft / RECIPE_FILE, _recipe_text(plan))
    return open_checkpoint(out)


def _recipe_text(plan: CheckpointPlan) -> str:
    recipe = {"name": plan.name, "source": plan.source, "content": 1, **plan.recipe}
    return json.dumps(recipe, indent=1) + "\n"


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    sync_file(path)


def _write_files(plan: CheckpointPlan, directory: Path, progress: Progress | None) -> None:
    """Make and write blocks in several threads, so that the disk always has one to write."""
    threads = max(4, min(8, os.cpu_count() or 1))
    buffers: SimpleQueue[mmap.mmap] = SimpleQueue()
    for _ in range(threads):
        buffers.put(mmap.mmap(-1, BLOCK))
    done = 0
    for number, file in enumerate(plan.files):
        # The pool ends first: no thread may write to a file that is closed, which an error or Ctrl-C could bring about.
        with _OutFile(directory / file.name, file.bytes) as out, ThreadPoolExecutor(threads) as pool:
            write = partial(_write_block, out, file, plan.seed, number, buffers)
            for written in pool.map(write, range(-(-file.bytes // BLOCK))):
                done += written
                if progress:
                    progress(done, plan.bytes)
    for file in plan.files:
        sync_file(directory / file.name)


def _write_block(
    out: "_OutFile", plan: FilePlan, seed: int, file_number: int, buffers: SimpleQueue[mmap.mmap], block_number: int
) -> int:
    import numpy as np

    begin = block_number * BLOCK
    size = min(BLOCK, plan.bytes - begin)
    buffer = buffers.get()
    try:
        fill_block(np.frombuffer(buffer, np.uint8, size), plan, seed, file_number, block_number)
        out.write(memoryview(buffer)[:size], begin)
    finally:
        buffers.put(buffer)
    return size


class _OutFile:
    """A new file of known size that several threads write at their places; past the page cache, if possible."""

    def __init__(self, path: Path, size: int):
        self._buffered = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        _reserve(self._buffered, size)
        try:
            self._direct = os.open(path, os.O_WRONLY | os.O_DIRECT)
        except OSError:  # a file system without O_DIRECT
            self._direct = self._buffered

    def __enter__(self) -> "_OutFile":
        return self

    def __exit__(self, *_: object) -> None:
        if self._direct != self._buffered:
            os.close(self._direct)
        os.close(self._buffered)

    def write(self, data: memoryview, offset: int) -> None:
        """Write a block. What O_DIRECT does not take, such as a file's short end, goes through the page cache."""
        if len(data) == BLOCK and self._direct != self._buffered:
            try:
                if os.pwrite(self._direct, data, offset) == BLOCK:
                    return
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
        while data:
            written = os.pwrite(self._buffered, data, offset)
            data, offset = data[written:], offset + written


def _reserve(descriptor: int, size: int) -> None:
    """Give a file its size and, where the file system can, its place on the disk: direct writes then run in parallel.

    Not posix_fallocate: where the file system cannot, that writes to every single block instead.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if size and libc.fallocate(descriptor, 0, ctypes.c_int64(0), ctypes.c_int64(size)) != 0:
        error = ctypes.get_errno()
        if error == errno.ENOSPC:
            raise OSError(error, os.strerror(error))
    os.truncate(descriptor, size)
