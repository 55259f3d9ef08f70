"""Checkpoints in the forms that a recipe must find, and what a plain read of their files says is in them."""

import hashlib
import json
from pathlib import Path

from loadbench.checkpoints.checkpoint import open_checkpoint
from loadbench.sweep.samples import safetensors_bytes

SHAPES = {"embed.weight": ("F32", [512, 256]), "layers.0.weight": ("BF16", [300, 200]), "norm.bias": ("F16", [513])}
HOSTILE = "-x '; touch owned #\" $(touch owned) \\ ü"
"""A directory that does harm wherever it is pasted unquoted."""

Contents = dict[str, list[object]]


def one_file(directory: Path) -> Path:
    directory.mkdir(parents=True)
    (directory / "model.safetensors").write_bytes(safetensors_bytes(SHAPES, 7, pad=8))
    return directory


def indexed(directory: Path) -> Path:
    """Two shards and an index, and a third file that does not belong to it."""
    directory.mkdir(parents=True)
    shards = {"model-1.safetensors": list(SHAPES)[:2], "model-2.safetensors": list(SHAPES)[2:]}
    for seed, (name, tensors) in enumerate(shards.items()):
        (directory / name).write_bytes(safetensors_bytes({tensor: SHAPES[tensor] for tensor in tensors}, seed, pad=8))
    (directory / "stale.safetensors").write_bytes(safetensors_bytes(SHAPES, 99, pad=8))
    weight_map = {tensor: name for name, tensors in shards.items() for tensor in tensors}
    (directory / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return directory


def contents(path: Path) -> Contents:
    """Digest and shape of every tensor, by plain reads at the offsets of the headers."""
    found: Contents = {}
    for tensor in open_checkpoint(path).tensors:
        with tensor.file.open("rb") as file:
            file.seek(tensor.offset)
            found[tensor.name] = [hashlib.sha256(file.read(tensor.bytes)).hexdigest(), list(tensor.shape)]
    return found


REPORT = """
import hashlib as _hashlib, json as _json, torch as _torch
def _digest(tensor):
    raw = tensor.detach().cpu().contiguous().view(-1).view(_torch.uint8).numpy().tobytes()
    return [_hashlib.sha256(raw).hexdigest(), list(tensor.shape)]
print(_json.dumps({"weights": {name: _digest(tensor) for name, tensor in weights.items()}, "attested": attested}))
"""
"""Python that prints `contents` of a dict `weights`, and what the test had `attested`."""
