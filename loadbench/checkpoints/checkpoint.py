"""A checkpoint as it lies on disk: its weight files and the tensors in them, checked before any loader sees it."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from loadbench.checkpoints.header import TensorEntry, read_header
from loadbench.errors import CheckpointError

INDEX_FILE = "model.safetensors.index.json"
RECIPE_FILE = "loadbench.json"
"""What a synthetic checkpoint was made from, beside its weight files."""

_PARTIAL = re.compile(r"\..+\.partial-\d+")
_HUB_SNAPSHOT = re.compile(r"models--(?:.+--)?(.+)")


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor of a checkpoint and where its bytes are."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    offset: int
    bytes: int


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk. Sizes in bytes.

    `format` is "safetensors", or "tensors" for the form that tensorizer reads. The latter's `files` is
    one `.tensors` file, while its `tensors` say where the bytes are in the safetensors original.
    """

    name: str
    path: Path
    format: Literal["safetensors", "tensors"]
    files: tuple[Path, ...]
    file_bytes: int
    payload_bytes: int
    tensors: tuple[StoredTensor, ...]
    source: str


def open_checkpoint(path: str | Path) -> Checkpoint:
    """The checkpoint at a directory or a single `.safetensors` file. Whatever is wrong is a CheckpointError.

    A directory's index, where it has one, says which files belong to it; without one all its
    `.safetensors` files do.
    """
    path = Path(path).expanduser()
    if _PARTIAL.fullmatch(path.absolute().name):
        raise CheckpointError(
            f"{path} is what an interrupted 'loadbench model make' left behind, not a checkpoint. "
            "Make it again; that removes it."
        )
    try:
        if path.is_dir():
            recipe = _recipe(path)
            index = _weight_map(path)
            files = _indexed_files(path, index) if index is not None else _weight_files(path)
        elif path.exists():
            recipe, index, files = {}, None, (_safetensors_file(path),)
        else:
            raise CheckpointError(f"{path} does not exist. Name a directory with .safetensors files, or one such file.")
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error
    headers = {file: read_header(file) for file in files}
    tensors = tuple(
        _stored(tensor, file, header.data_offset) for file, header in headers.items() for tensor in header.tensors
    )
    _check_unique(tensors)
    if index is not None:
        _check_index(path, index, tensors)
    return Checkpoint(
        name=str(recipe.get("name") or _name_of(path)),
        path=path,
        format="safetensors",
        files=files,
        file_bytes=sum(header.file_bytes for header in headers.values()),
        payload_bytes=sum(tensor.bytes for tensor in tensors),
        tensors=tensors,
        source=str(recipe.get("source", "")),
    )


def _stored(tensor: TensorEntry, file: Path, data_offset: int) -> StoredTensor:
    return StoredTensor(
        tensor.name, tensor.dtype, tensor.shape, file, data_offset + tensor.begin, tensor.end - tensor.begin
    )


def _name_of(path: Path) -> str:
    """The directory's name, or the file's; for a snapshot in a Hugging Face cache, the model's."""
    path = path.absolute()
    if path.is_file():
        return _name_of(path.parent) if path.stem == "model" else path.stem
    hub = _HUB_SNAPSHOT.fullmatch(path.parent.parent.name) if path.parent.name == "snapshots" else None
    return hub[1] if hub else path.resolve().name


def _safetensors_file(path: Path) -> Path:
    if path.suffix == ".tensors":
        raise CheckpointError(
            f"{path} is in tensorizer's form. Name the safetensors checkpoint it was made from; "
            "loadbench converts that itself."
        )
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path} is not a .safetensors file. Name such a file, or a directory of them.")
    return path


def _weight_files(directory: Path) -> tuple[Path, ...]:
    files = tuple(sorted(directory.glob("*.safetensors")))
    if files:
        return files
    others = Counter(entry.suffix or "without a suffix" for entry in directory.iterdir() if entry.is_file())
    found = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items())) or "no files"
    raise CheckpointError(
        f"{directory} has no .safetensors files (found: {found}). Name a directory that has, or convert the weights."
    )


def _weight_map(directory: Path) -> dict[str, str] | None:
    """The index's tensor names and files; None where there is no index."""
    index = directory / INDEX_FILE
    if not index.exists():
        return None
    content = _json_object(index)
    weight_map = content.get("weight_map")
    if (
        not isinstance(weight_map, dict)
        or not weight_map
        or not all(isinstance(name, str) for name in weight_map.values())
    ):
        raise CheckpointError(f"{index} has no weight_map of tensor names to file names. Get or make it again.")
    return weight_map


def _indexed_files(directory: Path, weight_map: dict[str, str]) -> tuple[Path, ...]:
    names = sorted(set(weight_map.values()))
    for name in names:
        if "/" in name or "\0" in name or not name.endswith(".safetensors"):
            raise CheckpointError(
                f"{directory / INDEX_FILE} names {name!r}, which is not the name of a .safetensors file in this "
                "directory. Correct the index."
            )
    missing = [name for name in names if not (directory / name).exists()]
    if missing:
        raise CheckpointError(
            f"{directory} lacks {len(missing)} of the {len(names)} files that its index names: "
            f"{', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}. Get them."
        )
    return tuple(directory / name for name in names)


def _check_unique(tensors: tuple[StoredTensor, ...]) -> None:
    first: dict[str, StoredTensor] = {}
    for tensor in tensors:
        other = first.setdefault(tensor.name, tensor)
        if other is not tensor:
            raise CheckpointError(
                f"tensor '{tensor.name}' is in two files, {other.file} and {tensor.file}. Keep one of them, "
                f"or add a {INDEX_FILE} that says which files belong together."
            )


def _check_index(directory: Path, weight_map: dict[str, str], tensors: tuple[StoredTensor, ...]) -> None:
    found = {tensor.name: tensor.file for tensor in tensors}
    for name, file_name in weight_map.items():
        file = directory / file_name
        if name not in found:
            raise CheckpointError(f"{file} lacks tensor '{name}', which {INDEX_FILE} says is in it. Get both again.")
        if found[name] != file:
            raise CheckpointError(
                f"tensor '{name}' is in {found[name]}, but {INDEX_FILE} says it is in {file_name}. Correct the index."
            )


def _recipe(directory: Path) -> dict[str, Any]:
    recipe = directory / RECIPE_FILE
    return _json_object(recipe) if recipe.exists() else {}


def _json_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not JSON ({error}). Get or make it again.") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} is not a JSON object. Get or make it again.")
    return content
