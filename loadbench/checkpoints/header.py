"""The safetensors header: our own strict reader, independent of every loader library.

A file is 8 bytes of header length N (little-endian), N bytes of JSON, then the tensors' bytes. The
format: https://huggingface.co/docs/safetensors/index#format. What safetensors 0.8 refuses is
refused here too, before any loader sees the file.
"""

import json
import math
import os
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from loadbench.errors import CheckpointError

MAX_HEADER_BYTES = 100_000_000
"""safetensors refuses longer headers."""

DTYPE_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
}  # fmt: skip
"""Bits of one element, for every dtype of safetensors 0.8."""


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """A tensor in a header. `begin` and `end` are bytes from the start of the data, not of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def bytes(self) -> int:
        """Size in the file."""
        return self.end - self.begin


@dataclass(frozen=True)
class Header:
    """A file's header. Tensors are in the order of their data; the data begins at byte `data_offset`."""

    tensors: tuple[TensorEntry, ...]
    data_offset: int
    file_bytes: int
    metadata: dict[str, str]


def tensor_bytes(dtype: str, shape: tuple[int, ...]) -> int | None:
    """Bytes of a tensor; None where a type below 8 bits does not fill whole bytes."""
    bits = math.prod(shape) * DTYPE_BITS[dtype]
    return bits // 8 if bits % 8 == 0 else None


def read_header(path: Path) -> Header:
    """Read and check a file's header. Every defect is a CheckpointError that names the file and the defect."""
    raw, file_bytes = raw_header(path)
    return _parse(raw, file_bytes, path)


def raw_header(path: Path) -> tuple[bytes, int]:
    """The bytes in front of a file's data (length and JSON, unparsed), and the size of the file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CheckpointError(f"{path} is not a regular file. Name a .safetensors file.")
        with path.open("rb") as file:
            file_bytes = os.fstat(file.fileno()).st_size
            length_bytes = file.read(8)
            length = _header_length(length_bytes, file_bytes, path)
            return length_bytes + file.read(length), file_bytes
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist. Check the path.") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error


def _header_length(length_bytes: bytes, file_bytes: int, path: Path) -> int:
    if file_bytes == 0:
        raise _damaged(path, "it is empty")
    if len(length_bytes) < 8:
        raise _damaged(path, f"it has only {file_bytes} bytes, fewer than the 8 of the header's length")
    length = int.from_bytes(length_bytes, "little")
    if length > MAX_HEADER_BYTES:
        raise _damaged(path, f"its header claims {length:,} bytes, more than the {MAX_HEADER_BYTES:,} of the format")
    if 8 + length > file_bytes:
        raise _damaged(path, f"its header claims {length:,} bytes, but the file has {file_bytes:,}; it is truncated")
    return length


def _parse(raw: bytes, file_bytes: int, path: Path) -> Header:
    if raw[8:9] != b"{":
        raise _damaged(path, "its header does not start with '{'")
    try:
        content = json.loads(raw[8:].decode("utf-8"), object_pairs_hook=_unique)
    except UnicodeDecodeError:
        raise _damaged(path, "its header is not UTF-8") from None
    except _DuplicateKeyError as error:
        raise _damaged(path, f"its header has {error.args[0]!r} twice") from None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"its header is not JSON ({error})") from None
    metadata = content.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(path, "__metadata__ in its header is not an object of strings")
    tensors = sorted((_entry(name, info, path) for name, info in content.items()), key=lambda t: (t.begin, t.end))
    _check_cover(tensors, file_bytes - len(raw), path)
    return Header(tuple(tensors), len(raw), file_bytes, metadata)


class _DuplicateKeyError(Exception):
    """A key occurs twice in one JSON object; json itself would keep the last."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return content


def _entry(name: str, info: Any, path: Path) -> TensorEntry:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise _damaged(path, f"the tensor name {name!r} is not valid Unicode") from None
    if not isinstance(info, dict):
        raise _damaged(path, f"tensor '{name}' is not an object")
    missing = [key for key in ("dtype", "shape", "data_offsets") if key not in info]
    if missing:
        raise _damaged(path, f"tensor '{name}' has no {' and no '.join(missing)}")
    dtype, shape, offsets = info["dtype"], info["shape"], info["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise _damaged(path, f"tensor '{name}' has the unknown dtype {dtype!r}; known: {', '.join(DTYPE_BITS)}")
    if not _are_sizes(shape):
        raise _damaged(path, f"tensor '{name}' has the shape {shape!r}, which is not a list of sizes")
    if not _are_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _damaged(path, f"tensor '{name}' has the data_offsets {offsets!r}, which are not a begin and an end")
    entry = TensorEntry(name, dtype, tuple(shape), *offsets)
    if tensor_bytes(dtype, entry.shape) != entry.bytes:
        raise _damaged(path, f"tensor '{name}', {dtype} of shape {shape}, does not fit its {entry.bytes:,} bytes")
    return entry


def _are_sizes(value: Any) -> bool:
    """Whether it is a list of integers that an unsigned 64-bit number can hold. JSON's true is not one."""
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 2**64 for item in value)


def _check_cover(tensors: list[TensorEntry], data_bytes: int, path: Path) -> None:
    """The tensors must cover the data exactly: no overlap, no hole, nothing outside, nothing left."""
    for tensor in tensors:
        if tensor.end > data_bytes:
            raise _damaged(
                path,
                f"tensor '{tensor.name}' ends at byte {tensor.end:,} of the data, but the file has only "
                f"{data_bytes:,} bytes of data; it is truncated or its header is wrong",
            )
    if tensors and tensors[0].begin > 0:
        raise _damaged(path, f"{tensors[0].begin:,} bytes in front of tensor '{tensors[0].name}' belong to no tensor")
    for before, after in pairwise(tensors):
        if after.begin < before.end:
            raise _damaged(path, f"tensors '{before.name}' and '{after.name}' overlap")
        if after.begin > before.end:
            hole = after.begin - before.end
            raise _damaged(path, f"{hole:,} bytes between '{before.name}' and '{after.name}' belong to no tensor")
    covered = tensors[-1].end if tensors else 0
    if covered < data_bytes:
        raise _damaged(path, f"{data_bytes - covered:,} bytes behind the last tensor belong to no tensor")


def _damaged(path: Path, defect: str) -> CheckpointError:
    return CheckpointError(f"{path} is not a sound safetensors file: {defect}. Get or make the file again.")
