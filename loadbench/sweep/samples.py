"""Small checkpoints for the conformance kit: good ones with every awkward trait, and damaged ones.

Written byte by byte, without torch and without any loader library.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path

_SIZES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "U8": 1, "BOOL": 1}
FILE = "model.safetensors"


@dataclass(frozen=True)
class Sample:
    """A checkpoint directory and what is special about it."""

    name: str
    path: Path


def good_samples(directory: Path) -> list[Sample]:
    """Checkpoints that every loader has to load right."""
    plain = {"a.weight": ("F32", [64, 32]), "b.weight": ("BF16", [128, 16]), "c.bias": ("F16", [33])}
    odd = {"x": ("U8", [3]), "y": ("F32", [17]), "flags": ("BOOL", [5]), "ids": ("I64", [4, 3])}
    tiny = {"scalar": ("F32", []), "empty": ("F32", [0, 4]), "one": ("F32", [1])}
    return [
        _written(directory / "plain", {FILE: safetensors_bytes(plain, 1, pad=8)}),
        _written(directory / "unaligned", {FILE: safetensors_bytes(odd, 2, pad=1)}),
        _written(directory / "scalar-and-empty", {FILE: safetensors_bytes(tiny, 3, pad=8)}),
        _written(directory / "many-tensors", {FILE: safetensors_bytes(_many(2000), 4, pad=8)}),
        _sharded(directory / "three-files"),
    ]


def damaged_samples(directory: Path) -> list[Sample]:
    """Single files that no loader may load without an error. Their header can be read; the data is not all there."""
    whole = safetensors_bytes({"a": ("F32", [1024, 16]), "b": ("F32", [1024, 16])}, 5, pad=8)
    return [_written(directory / "truncated", {FILE: whole[: len(whole) // 2]})]


def safetensors_bytes(tensors: dict[str, tuple[str, list[int]]], seed: int, pad: int) -> bytes:
    """A whole file: header padded to a multiple of `pad`, then seeded bytes that are finite in every dtype used."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = bytearray()
    for name, (dtype, shape) in tensors.items():
        count = 1
        for length in shape:
            count *= length
        begin = len(data)
        data += _content(dtype, count * _SIZES[dtype], f"{seed}/{name}")
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % pad)
    return len(text).to_bytes(8, "little") + text + bytes(data)


def _content(dtype: str, size: int, seed: str) -> bytes:
    raw = random.Random(seed).randbytes(size)
    if dtype == "BOOL":
        return bytes(byte & 1 for byte in raw)
    # An exponent without its top bit is never that of a NaN or an infinity.
    return bytes(byte & 0xBF for byte in raw) if dtype in ("F32", "F16", "BF16") else raw


def _many(count: int) -> dict[str, tuple[str, list[int]]]:
    return {f"layers.{index}.weight": ("BF16", [8, index % 7 + 1]) for index in range(count)}


def _sharded(directory: Path) -> Sample:
    files: dict[str, bytes] = {}
    weight_map: dict[str, str] = {}
    for number in (1, 2, 3):
        file = f"model-{number:05d}-of-00003.safetensors"
        tensors = {f"part{number}.{index}": ("F32", [100 * number, index + 1]) for index in range(5)}
        files[file] = safetensors_bytes(tensors, number, pad=8)
        weight_map |= dict.fromkeys(tensors, file)
    files["model.safetensors.index.json"] = json.dumps({"metadata": {}, "weight_map": weight_map}).encode()
    return _written(directory, files)


def _written(directory: Path, files: dict[str, bytes]) -> Sample:
    directory.mkdir(parents=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return Sample(directory.name, directory)
