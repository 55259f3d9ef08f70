"""What a synthetic checkpoint will look like, byte for byte but for the tensors' contents. Nothing is written here."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadbench.checkpoints.checkpoint import INDEX_FILE, open_checkpoint
from loadbench.checkpoints.header import TensorEntry, raw_header, read_header
from loadbench.checkpoints.shapes import Tensor, expand, reduced_params, spec_of, spec_pattern, unknown_model
from loadbench.errors import UsageError, unknown_name


@dataclass(frozen=True)
class ModelRequest:
    """Which synthetic checkpoint: a known model, maybe a variant of it, maybe smaller; or one like an existing one."""

    spec: str
    variant: str | None = None
    layers: int | None = None
    scale: float | None = None
    seed: int = 0

    @property
    def name(self) -> str:
        """`llama-3-8b`, `llama-3-8b-single`, `llama-3-8b-layers4`, `gpt2-scale0.1-seed3`."""
        parts = [self.spec]
        parts += [self.variant] if self.variant else []
        parts += [f"layers{self.layers}"] if self.layers is not None else []
        parts += [f"scale{self.scale!r}"] if self.scale is not None else []
        parts += [f"seed{self.seed}"] if self.seed else []
        return "-".join(parts)

    @property
    def source(self) -> str:
        """How it is made, for people."""
        variant = f", variant {self.variant}" if self.variant else ""
        size = f", {self.layers} layers only" if self.layers is not None else ""
        size += f", scaled by {self.scale:g}" if self.scale is not None else ""
        return f"synthetic {self.spec}{variant}{size}, seed {self.seed}"

    @classmethod
    def parse(cls, name: str) -> "ModelRequest":
        """The request that has this name. An unknown model is a UsageError that lists the known ones."""
        match = re.fullmatch(f"({spec_pattern()})" + _NAME_PARTS, name)
        if match is None:
            raise unknown_model(name)
        spec, variant, layers, scale, seed = match.groups()
        return cls(spec, variant, int(layers) if layers else None, float(scale) if scale else None, int(seed or 0))


_NAME_PARTS = r"(?:-([a-z_]+))?(?:-layers(\d+))?(?:-scale(\d+(?:\.\d+)?(?:e-\d+)?))?(?:-seed(\d+))?"


@dataclass(frozen=True)
class FilePlan:
    """One weight file: the exact bytes in front of the data, and where each tensor's data goes."""

    name: str
    header: bytes
    tensors: tuple[TensorEntry, ...]

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return len(self.header) + (self.tensors[-1].end if self.tensors else 0)


@dataclass(frozen=True)
class CheckpointPlan:
    """A whole checkpoint. `index` is the text of its model.safetensors.index.json, empty where it has none."""

    name: str
    source: str
    recipe: dict[str, Any]
    files: tuple[FilePlan, ...]
    index: str

    @property
    def bytes(self) -> int:
        """Size of all weight files."""
        return sum(file.bytes for file in self.files)

    @property
    def seed(self) -> int:
        """Seed of the contents."""
        return int(self.recipe["seed"])


def plan_model(request: ModelRequest) -> CheckpointPlan:
    """Plan a known model's checkpoint. Impossible wishes are UsageErrors."""
    spec = spec_of(request.spec)
    if request.layers is not None and request.scale is not None:
        raise UsageError("--layers and --scale exclude each other: give one of them.")
    variants = spec.get("variants", {})
    if request.variant is not None and request.variant not in variants:
        raise unknown_name("variant", request.variant, variants, where=request.spec)
    variant = variants.get(request.variant, {})
    layout = variant.get("layout", spec["layout"])
    dropped = variant.get("drop", [])
    tensors = expand(spec, reduced_params(spec, request.layers, request.scale))
    shards = _shards([tensor for tensor in tensors if tensor.name not in dropped], layout, request.scale or 1)
    names = [layout["filename"].format(k=k, n=len(shards)) for k in range(1, len(shards) + 1)]
    files = tuple(_file(name, shard, layout) for name, shard in zip(names, shards, strict=True))
    index = _index_text(files) if "index" in layout else ""
    return CheckpointPlan(request.name, request.source, {**asdict(request), "like": None}, files, index)


def plan_like(original: Path, seed: int) -> CheckpointPlan:
    """Plan a checkpoint with an existing one's files, headers byte for byte, and index; only the data is new."""
    checkpoint = open_checkpoint(original)
    files = tuple(FilePlan(file.name, raw_header(file)[0], read_header(file).tensors) for file in checkpoint.files)
    index = original / INDEX_FILE
    index_text = _index_text(files) if index.is_file() else ""
    name = f"like-{checkpoint.name}" + (f"-seed{seed}" if seed else "")
    recipe = {"spec": None, "variant": None, "layers": None, "scale": None, "seed": seed, "like": checkpoint.name}
    return CheckpointPlan(name, f"synthetic, like {checkpoint.name}, seed {seed}", recipe, files, index_text)


def _shards(tensors: list[Tensor], layout: Mapping[str, Any], scale: float) -> list[list[Tensor]]:
    """Cut the tensors, in module order, into files by the layout's rule. Its limit shrinks with the scale."""
    if layout["type"] == "single":
        return [tensors]
    limit = int(layout["limit"] * scale)
    full_at_limit = layout["flush"] == "after_reach"
    to_come = tuple(layout.get("break_before", ()))
    shards: list[list[Tensor]] = [[]]
    cost = 0
    for tensor in tensors:
        added = tensor.bytes if layout["cost"] == "bytes" else math.prod(tensor.shape)
        breaks = tensor.name.startswith(to_come)
        if breaks:
            to_come = tuple(prefix for prefix in to_come if not tensor.name.startswith(prefix))
        full = cost >= limit if full_at_limit else cost + added > limit
        if shards[-1] and (breaks or full):
            shards.append([])
            cost = 0
        shards[-1].append(tensor)
        cost += added
    return shards


def _file(name: str, tensors: list[Tensor], layout: Mapping[str, Any]) -> FilePlan:
    if layout["order"] == "explicit":
        place = {tensor: number for number, tensor in enumerate(layout["physical_order"])}
        ordered = sorted(tensors, key=lambda tensor: place[tensor.name])
    else:
        ordered = sorted(tensors, key=lambda tensor: tensor.name)
    entries = []
    offset = 0
    for tensor in ordered:
        entries.append(tensor.at(offset))
        offset = entries[-1].end
    return FilePlan(name, encode_header(entries, pad=layout["header_pad"]), tuple(entries))


def encode_header(entries: Iterable[TensorEntry], pad: int = 8) -> bytes:
    """The bytes in front of the data, as the safetensors library writes them; spaces fill up to a multiple of `pad`."""
    content: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    for entry in entries:
        content[entry.name] = {
            "dtype": entry.dtype,
            "shape": list(entry.shape),
            "data_offsets": [entry.begin, entry.end],
        }
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % pad)
    return len(text).to_bytes(8, "little") + text


def _index_text(files: Iterable[FilePlan]) -> str:
    """The index as transformers writes it."""
    weight_map = {tensor.name: file.name for file in files for tensor in file.tensors}
    total = sum(tensor.bytes for file in files for tensor in file.tensors)
    return json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=2, sort_keys=True) + "\n"
