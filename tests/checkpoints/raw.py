"""safetensors files, sound and broken, written by hand."""

import json
from pathlib import Path
from typing import Any


def raw_file(header: Any, data: bytes = b"", pad: int = 1) -> bytes:
    """A file from a header (an object, or its text) and data, with no check at all."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % pad)
    return len(text).to_bytes(8, "little") + text + data


def tensor(dtype: str, shape: list[Any], begin: Any, end: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def write_floats(path: Path, names: list[str], seed: int = 0) -> Path:
    """A sound file of F32 tensors of 8 elements with different contents."""
    header = {name: tensor("F32", [8], 32 * i, 32 * i + 32) for i, name in enumerate(names)}
    data = bytes((seed + i * 7) % 128 for i in range(32 * len(names)))
    path.write_bytes(raw_file(header, data))
    return path
