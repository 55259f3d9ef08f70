"""Proof that the bytes arrived: every tensor's digest against the manifest, after the clock."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from loadbench.checkpoints.manifest import Manifest
from loadbench.records import BytesProof
from loadbench.trial.dtypes import torch_dtype, torch_shape

if TYPE_CHECKING:
    import torch

HASH_THREADS = 4


def compare_tensors(held: dict[str, torch.Tensor], manifest: Manifest) -> BytesProof:
    """Names, shapes, dtypes and contents of what arrived against the manifest."""
    wrong = [f"tensor '{name}' is missing" for name in manifest.tensors if name not in held]
    wrong += [f"tensor '{name}' is not in the checkpoint" for name in held if name not in manifest.tensors]
    names = [name for name in manifest.tensors if name in held]
    with ThreadPoolExecutor(min(HASH_THREADS, os.cpu_count() or 1)) as pool:
        faults = pool.map(lambda name: _fault(name, held[name], manifest), names)
        wrong += [fault for fault in faults if fault]
    return BytesProof(
        compared=len(names), algorithm=manifest.algorithm, wrong=len(wrong), first_wrong=wrong[0] if wrong else ""
    )


def compare_files(held: dict[str, torch.Tensor], manifest: Manifest) -> BytesProof:
    """Whole files, for a ceiling, which makes no tensors."""
    wrong = [f"file '{name}' was not read" for name in manifest.files if name not in held]
    wrong += [
        f"file '{name}' has other bytes"
        for name, digest in manifest.files.items()
        if name in held and digest_of(held[name]) != digest
    ]
    return BytesProof(
        compared=len(held), algorithm=manifest.algorithm, wrong=len(wrong), first_wrong=wrong[0] if wrong else ""
    )


def digest_of(tensor: torch.Tensor) -> str:
    """xxh3_128 over the tensor's raw bytes, brought to the host where needed."""
    import torch
    import xxhash

    raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return str(xxhash.xxh3_128_hexdigest(raw.numpy().data))


def count_mapped(held: dict[str, torch.Tensor], files: Sequence[Path]) -> int:
    """How many of the tensors lie in a mapping of the checkpoint's files: those are not in anybody's own memory."""
    ranges = mapped_ranges(files)
    if not ranges:
        return 0
    pointers = (t.data_ptr() for t in held.values() if t.device.type == "cpu" and t.numel())
    return sum(any(start <= pointer < end for start, end in ranges) for pointer in pointers)


def mapped_ranges(files: Sequence[Path]) -> list[tuple[int, int]]:
    """Address ranges of this process that map one of the files.

    By inode and name: btrfs and overlayfs show another device there than stat(2) does.
    """
    wanted = {(file.stat().st_ino, file.resolve().name) for file in files}
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, _, _, _, inode, *path = line.split(maxsplit=5)
        if path and (int(inode), Path(path[0]).name) in wanted:
            start, end = (int(part, 16) for part in addresses.split("-"))
            found.append((start, end))
    return found


def _fault(name: str, tensor: torch.Tensor, manifest: Manifest) -> str | None:
    expected = manifest.tensors[name]
    if tensor.dtype != torch_dtype(expected.dtype):
        return f"tensor '{name}' has dtype {tensor.dtype}, not {expected.dtype}"
    shape = torch_shape(expected.dtype, tuple(expected.shape))
    if tuple(tensor.shape) != shape:
        return f"tensor '{name}' has shape {list(tensor.shape)}, not {list(shape)}"
    if digest_of(tensor) != expected.digest:
        return f"tensor '{name}' has other bytes than the file"
    return None
