"""Manifests: what every tensor of a checkpoint is, by digest, from a plain read that no loader library has part in."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadbench.checkpoints.cache import cache_subdir, files_key, write_cache_file
from loadbench.checkpoints.checkpoint import Checkpoint, StoredTensor
from loadbench.checkpoints.header import DTYPE_BITS
from loadbench.checkpoints.rounding import FLOATS, TARGETS, convert
from loadbench.errors import CheckpointError, InternalError, unknown_name

ALGORITHM = "xxh3_128"
_FORMAT = 1
"""Part of the key of a cached manifest: counts up when its content changes meaning."""

_BLOCK = 8 * 2**20
_READERS = 4


@dataclass(frozen=True, slots=True)
class TensorDigest:
    """What a tensor must be when it arrives. The digest is of its raw bytes, little-endian, contiguous."""

    dtype: str
    shape: tuple[int, ...]
    digest: str


@dataclass(frozen=True)
class Manifest:
    """The digests of a checkpoint: of each tensor, of each whole file, and of all tensors together.

    `digest` is over names, dtypes, shapes and contents; how the tensors are spread over files has no
    part in it. Keys of `files` are file names.
    """

    algorithm: str
    tensors: dict[str, TensorDigest]
    files: dict[str, str]
    digest: str

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """A manifest from its JSON file."""
        try:
            content = json.loads(path.read_text("utf-8"))
            tensors = {
                name: TensorDigest(dtype, tuple(shape), digest)
                for name, (dtype, shape, digest) in content["tensors"].items()
            }
            return cls(content["algorithm"], tensors, content["files"], content["digest"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"{path} is not a manifest ({error}). Remove it; loadbench makes it again."
            ) from error

    def text(self) -> str:
        """The manifest as JSON."""
        tensors = {name: [entry.dtype, entry.shape, entry.digest] for name, entry in self.tensors.items()}
        content = {"algorithm": self.algorithm, "digest": self.digest, "files": self.files, "tensors": tensors}
        return json.dumps(content, separators=(",", ":")) + "\n"


def manifest_of(
    checkpoint: Checkpoint, dtype: str = "auto", progress: Callable[[int, int], None] | None = None
) -> Manifest:
    """The manifest of a safetensors checkpoint, from the cache where its files have not changed since.

    With a dtype (F16, BF16, F32) the digests of floating tensors (F64, F32, F16, BF16) are those after
    conversion to it. `progress` is told bytes done and bytes in all; it is not called for a cached manifest.
    """
    if dtype != "auto" and dtype not in TARGETS:
        raise unknown_name("dtype", dtype, ("auto", *TARGETS))
    path = manifest_path(checkpoint, dtype)
    if path.exists():
        try:
            return Manifest.read(path)
        except CheckpointError:
            pass  # damaged: made again and replaced
    before = files_key(checkpoint.files)
    manifest = _read_all(checkpoint, dtype, progress)
    if files_key(checkpoint.files) != before:
        raise CheckpointError(f"{checkpoint.path} changed while it was read. Wait until it is whole, then try again.")
    write_cache_file(path, manifest.text())
    return manifest


def manifest_path(checkpoint: Checkpoint, dtype: str = "auto") -> Path:
    """Where the manifest of the checkpoint as it now is lies in the cache, once manifest_of has made it."""
    import xxhash

    key = files_key(checkpoint.files, dtype=dtype, format=_FORMAT)
    return cache_subdir("manifests") / f"{xxhash.xxh3_128_hexdigest(key.encode())}.json"


def _read_all(checkpoint: Checkpoint, dtype: str, progress: Callable[[int, int], None] | None) -> Manifest:
    if checkpoint.format != "safetensors":
        raise InternalError(f"a manifest is made of the safetensors original, not of {checkpoint.files[0]}")
    by_file: dict[Path, list[StoredTensor]] = {file: [] for file in checkpoint.files}
    for tensor in checkpoint.tensors:
        by_file[tensor.file].append(tensor)
    tensors: dict[str, TensorDigest] = {}
    files: dict[str, str] = {}
    done = 0
    with ThreadPoolExecutor(_READERS) as pool:
        for file, inside in by_file.items():
            digesters = [_Digester(tensor, dtype) for tensor in inside]
            whole = _hasher()
            begin = first = 0
            for block in _blocks(file, pool):
                whole.update(block)
                end = begin + len(block)
                while first < len(inside) and inside[first].offset < end:
                    offset, size = inside[first].offset, inside[first].bytes
                    digesters[first].update(block[max(0, offset - begin) : offset + size - begin])
                    if offset + size > end:
                        break
                    first += 1
                begin = end
                done += len(block)
                if progress:
                    progress(done, checkpoint.file_bytes)
            tensors |= {tensor.name: digester.result() for tensor, digester in zip(inside, digesters, strict=True)}
            files[file.name] = whole.hexdigest()
    return Manifest(ALGORITHM, tensors, files, _digest_of(tensors))


def _hasher() -> Any:
    import xxhash

    return xxhash.xxh3_128()


def _digest_of(tensors: dict[str, TensorDigest]) -> str:
    whole = _hasher()
    for name, entry in sorted(tensors.items()):
        whole.update(json.dumps([name, entry.dtype, entry.shape, entry.digest]).encode())
    return str(whole.hexdigest())


class _Digester:
    """Digests one tensor, which comes in pieces that may end inside an element."""

    def __init__(self, tensor: StoredTensor, dtype: str):
        converted = dtype != "auto" and tensor.dtype in FLOATS
        self._tensor = tensor
        self._target = dtype if converted else tensor.dtype
        self._hasher = _hasher()
        self._rest = b""

    def update(self, piece: memoryview) -> None:
        """Take the next piece of the tensor's bytes."""
        if self._target == self._tensor.dtype:
            self._hasher.update(piece)
            return
        import numpy as np

        elements = self._rest + bytes(piece)
        whole = len(elements) - len(elements) % (DTYPE_BITS[self._tensor.dtype] // 8)
        self._rest = elements[whole:]
        raw = np.frombuffer(elements, np.uint8, whole)
        self._hasher.update(convert(raw, self._tensor.dtype, self._target).view(np.uint8))

    def result(self) -> TensorDigest:
        """The digest, when all pieces were taken."""
        return TensorDigest(self._target, self._tensor.shape, self._hasher.hexdigest())


def _blocks(file: Path, pool: ThreadPoolExecutor) -> Iterator[memoryview]:
    """A file's bytes in order, a block at a time, read ahead by several threads. A block is valid until the next."""
    try:
        with file.open("rb", buffering=0) as opened:
            size = os.fstat(opened.fileno()).st_size
            buffers = [memoryview(bytearray(min(_BLOCK, size))) for _ in range(_READERS)]
            pending: deque[Future[memoryview]] = deque()
            try:
                for number, offset in enumerate(range(0, size, _BLOCK)):
                    buffer = buffers[number % _READERS][: min(_BLOCK, size - offset)]
                    pending.append(pool.submit(_read_block, opened.fileno(), buffer, offset))
                    if len(pending) == _READERS:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                wait(pending)  # before the file is closed under them
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror}.") from error


def _read_block(descriptor: int, buffer: memoryview, offset: int) -> memoryview:
    """Fill the buffer from the file; less where the file became shorter, which the caller's key then shows."""
    done = 0
    while done < len(buffer):
        got = os.preadv(descriptor, [buffer[done:]], offset + done)
        if got == 0:
            break
        done += got
    return buffer[:done]
