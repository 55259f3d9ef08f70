"""The form that tensorizer reads, made once from a safetensors checkpoint and kept in the cache.

torch and tensorizer are loaded in a child process only: `python -m loadbench.checkpoints.convert SOURCE... TARGET`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from loadbench.checkpoints.cache import cache_subdir, default_cache_dir, files_key, sync_file, whole_directory
from loadbench.checkpoints.checkpoint import Checkpoint
from loadbench.errors import CheckpointError

_TARGET_FILE = "model.tensors"
_NOTE_FILE = "converted.json"
_TORCH_LESS = ("F6_E2M3", "F6_E3M2")
"""Dtypes of the format that torch 2.13 has not."""

_OPAQUE = ("BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F4")
"""Dtypes that numpy has not. tensorizer 2.12.1 cannot load a file with a zero-size tensor of these."""

_EXTRA_PER_TENSOR = 4096
"""More than the bytes that tensorizer adds for a tensor."""


def converted(checkpoint: Checkpoint, progress: Callable[[int, int], None] | None = None) -> Checkpoint:
    """The checkpoint as one `.tensors` file; the `tensors` of the result still point into the original files.

    It is made again when the original or tensorizer changed. tensorizer loads a truncated file without
    complaint, so the size is recorded beside it and checked. `progress` is told bytes written and bytes
    in all. Whatever prevents the conversion is a CheckpointError.
    """
    _check_convertible(checkpoint)
    key = files_key(checkpoint.files, tensorizer=_tensorizer_version(checkpoint))
    home = cache_subdir("converted") / _home_name(checkpoint)
    if not _is_current(home, key):
        shutil.rmtree(home, ignore_errors=True)
        needed = checkpoint.payload_bytes + _EXTRA_PER_TENSOR * (len(checkpoint.tensors) + 256)
        place = f"Make room in {default_cache_dir()}, or set LOADBENCH_CACHE to another place."
        with whole_directory(home, needed, place) as draft:
            _run_child(checkpoint, draft / _TARGET_FILE, progress)
            sync_file(draft / _TARGET_FILE)
            note = {"key": key, "bytes": (draft / _TARGET_FILE).stat().st_size}
            (draft / _NOTE_FILE).write_text(json.dumps(note) + "\n", "utf-8")
            sync_file(draft / _NOTE_FILE)
    target = home / _TARGET_FILE
    return replace(checkpoint, path=target, format="tensors", files=(target,), file_bytes=target.stat().st_size)


def _check_convertible(checkpoint: Checkpoint) -> None:
    if not checkpoint.tensors:
        raise _not_convertible(checkpoint, "it has no tensors")
    for tensor in checkpoint.tensors:
        if tensor.dtype in _TORCH_LESS:
            raise _not_convertible(checkpoint, f"torch has no dtype for tensor '{tensor.name}', {tensor.dtype}")
        if tensor.dtype in _OPAQUE and tensor.bytes == 0:
            reason = f"tensorizer cannot load files with a zero-size {tensor.dtype} tensor, such as '{tensor.name}'"
            raise _not_convertible(checkpoint, reason)


def _not_convertible(checkpoint: Checkpoint, reason: str) -> CheckpointError:
    return CheckpointError(
        f"{checkpoint.path} cannot be converted for tensorizer: {reason}. Leave the tensorizer loader out."
    )


def _tensorizer_version(checkpoint: Checkpoint) -> str:
    try:
        return version("tensorizer")
    except PackageNotFoundError:
        raise _not_convertible(checkpoint, "tensorizer is not installed") from None


def _home_name(checkpoint: Checkpoint) -> str:
    """A name for the original's place: what is made of a changed original then replaces what is there."""
    import xxhash

    paths = json.dumps([str(file.resolve()) for file in checkpoint.files])
    return str(xxhash.xxh3_128_hexdigest(paths.encode()))


def _is_current(home: Path, key: str) -> bool:
    try:
        note = json.loads((home / _NOTE_FILE).read_text("utf-8"))
        return bool(note == {"key": key, "bytes": (home / _TARGET_FILE).stat().st_size})
    except (OSError, ValueError):
        return False


def _run_child(checkpoint: Checkpoint, target: Path, progress: Callable[[int, int], None] | None) -> None:
    sources = [str(file.absolute()) for file in checkpoint.files]
    command = [sys.executable, "-m", "loadbench.checkpoints.convert", *sources, str(target)]
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            while child.poll() is None:
                try:
                    child.wait(0.1)
                except subprocess.TimeoutExpired:
                    if progress:
                        progress(min(_written_by(child.pid), checkpoint.payload_bytes), checkpoint.payload_bytes)
        finally:
            child.kill()
            child.wait()
        if child.returncode != 0:
            raise _not_convertible(checkpoint, _last_words(child.returncode, output))
    if progress:
        progress(checkpoint.payload_bytes, checkpoint.payload_bytes)


def _written_by(pid: int) -> int:
    """Bytes that a process gave to write calls. The file's size does not tell: tensorizer reserves all of it first."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text("ascii").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("wchar:")), 0)
    except OSError:
        return 0


def _last_words(returncode: int, output: IO[bytes]) -> str:
    if returncode < 0:
        return f"the converting process was killed by signal {-returncode}; signal 9 is often a lack of memory"
    output.seek(0)
    lines = output.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].rstrip(".") if lines else f"the converting process ended with exit code {returncode}"


def _convert(sources: list[str], target: str) -> None:
    """Write all tensors of safetensors files to a `.tensors` file. They are mapped, not read into memory."""
    from contextlib import ExitStack

    from safetensors import safe_open
    from tensorizer import TensorSerializer

    with ExitStack() as stack:
        files = [stack.enter_context(safe_open(source, "pt")) for source in sources]
        state = {name: file.get_tensor(name) for file in files for name in file.keys()}  # noqa: SIM118
        serializer = TensorSerializer(target)
        serializer.write_state_dict(state)
        serializer.close()


def _main() -> int:
    import ctypes
    import signal

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)  # do not outlive the command that wants this
    try:
        _convert(sys.argv[1:-1], sys.argv[-1])
    except Exception as error:
        sys.stderr.write(f"\n{type(error).__name__}: {' '.join(str(error).split())}\n")
        return 1
    return 0


if __name__ == "__main__":
    exit_code = _main()
    sys.stdout.flush()
    os._exit(exit_code)  # tensorizer's threads may wait for ever after an error
