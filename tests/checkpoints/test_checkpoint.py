import json
import os
from pathlib import Path
from typing import Any

import pytest

from loadbench.checkpoints.checkpoint import open_checkpoint
from loadbench.errors import CheckpointError
from tests.checkpoints.raw import raw_file, tensor, write_floats

INDEX = "model.safetensors.index.json"


def indexed(directory: Path, weight_map: Any) -> Path:
    """A directory of two files, a: x, y and b: z, with an index."""
    write_floats(directory / "a.safetensors", ["x", "y"])
    write_floats(directory / "b.safetensors", ["z"])
    (directory / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return directory


WHOLE = {"x": "a.safetensors", "y": "a.safetensors", "z": "b.safetensors"}


def test_directory_without_an_index(tmp_path: Path) -> None:
    write_floats(tmp_path / "b.safetensors", ["z"])
    write_floats(tmp_path / "a.safetensors", ["x", "y"])
    (tmp_path / "README.md").write_text("hello")
    checkpoint = open_checkpoint(str(tmp_path))
    assert (checkpoint.name, checkpoint.path, checkpoint.format) == (tmp_path.name, tmp_path, "safetensors")
    assert [file.name for file in checkpoint.files] == ["a.safetensors", "b.safetensors"]
    assert checkpoint.payload_bytes == 96
    assert checkpoint.file_bytes == sum(file.stat().st_size for file in checkpoint.files)
    assert checkpoint.source == ""
    for stored in checkpoint.tensors:
        content = stored.file.read_bytes()[stored.offset : stored.offset + stored.bytes]
        assert len(content) == 32
    assert [(t.name, t.file.name) for t in checkpoint.tensors] == [
        ("x", "a.safetensors"),
        ("y", "a.safetensors"),
        ("z", "b.safetensors"),
    ]


def test_single_file(tmp_path: Path) -> None:
    file = write_floats(tmp_path / "weights.safetensors", ["x"])
    checkpoint = open_checkpoint(file)
    assert (checkpoint.name, checkpoint.files, len(checkpoint.tensors)) == ("weights", (file,), 1)
    model = write_floats(tmp_path / "model.safetensors", ["x"])
    assert open_checkpoint(model).name == tmp_path.name


def test_index_says_which_files_belong(tmp_path: Path) -> None:
    indexed(tmp_path, WHOLE)
    write_floats(tmp_path / "consolidated.safetensors", ["x", "y", "z"])
    assert [file.name for file in open_checkpoint(tmp_path).files] == ["a.safetensors", "b.safetensors"]


@pytest.mark.parametrize(
    ("weight_map", "words"),
    [
        (WHOLE | {"x": "/etc/passwd"}, "'/etc/passwd', which is not the name of a .safetensors file in this directory"),
        (WHOLE | {"x": "../a.safetensors"}, "not the name of a .safetensors file in this directory"),
        (WHOLE | {"x": "sub/a.safetensors"}, "not the name of a .safetensors file in this directory"),
        (WHOLE | {"x": "a.bin"}, "not the name of a .safetensors file"),
        (WHOLE | {"x": "\0.safetensors"}, "not the name of a .safetensors file"),
        (WHOLE | {"q": "c.safetensors"}, "lacks 1 of the 3 files that its index names: c.safetensors"),
        (WHOLE | {"q": "b.safetensors"}, "b.safetensors lacks tensor 'q'"),
        (WHOLE | {"x": "b.safetensors"}, "'x' is in {0}/a.safetensors, but model.safetensors.index.json says"),
        ({}, "no weight_map"),
        ([], "no weight_map"),
        ({"x": 1}, "no weight_map"),
    ],
)
def test_wrong_index(weight_map: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(indexed(tmp_path, weight_map))
    assert words.format(tmp_path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\xff", '{"weight_map": null}'])
def test_damaged_index(text: str, tmp_path: Path) -> None:
    indexed(tmp_path, WHOLE)
    (tmp_path / INDEX).write_text(text, "latin-1")
    with pytest.raises(CheckpointError, match=INDEX):
        open_checkpoint(tmp_path)


def test_one_name_in_two_files(tmp_path: Path) -> None:
    write_floats(tmp_path / "a.safetensors", ["x", "y"])
    write_floats(tmp_path / "b.safetensors", ["z", "y"])
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(tmp_path)
    assert f"'y' is in two files, {tmp_path}/a.safetensors and {tmp_path}/b.safetensors" in str(caught.value)


def test_directory_of_other_things(tmp_path: Path) -> None:
    for name in ("pytorch_model-1.bin", "pytorch_model-2.bin", "m.gguf", "LICENSE"):
        (tmp_path / name).write_text("")
    with pytest.raises(CheckpointError, match=r"found: 2 \.bin, 1 \.gguf, 1 without a suffix"):
        open_checkpoint(tmp_path)


def test_empty_directory(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="found: no files"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"), [("x.bin", "not a .safetensors file"), ("x.tensors", "Name the safetensors checkpoint")]
)
def test_other_file(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(CheckpointError, match=words):
        open_checkpoint(tmp_path / name)


def test_missing_path_and_dangling_link(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        open_checkpoint(tmp_path / "none")
    (tmp_path / "a.safetensors").symlink_to("none")
    with pytest.raises(CheckpointError, match=r"a\.safetensors does not exist"):
        open_checkpoint(tmp_path)


def test_damaged_file_in_a_directory_is_named(tmp_path: Path) -> None:
    indexed(tmp_path, WHOLE)
    os.truncate(tmp_path / "b.safetensors", 70)
    with pytest.raises(CheckpointError, match=r"b\.safetensors is not a sound safetensors file: .*truncated"):
        open_checkpoint(tmp_path)


def test_damaged_recipe(tmp_path: Path) -> None:
    write_floats(tmp_path / "a.safetensors", ["x"])
    (tmp_path / "loadbench.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"loadbench\.json is not JSON"):
        open_checkpoint(tmp_path)


def test_every_dtype_zero_size_and_scalar(tmp_path: Path) -> None:
    header = {
        "flag": tensor("BOOL", [3], 0, 3),
        "none": tensor("F8_E8M0", [0, 7], 3, 3),
        "one": tensor("C64", [], 3, 11),
    }
    (tmp_path / "x.safetensors").write_bytes(raw_file(header, bytes(11)))
    assert open_checkpoint(tmp_path).payload_bytes == 11


def test_snapshot_in_a_hub_cache_has_the_models_name(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--org--some-model" / "snapshots" / "0123abcd"
    blobs = tmp_path / "models--org--some-model" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    write_floats(blobs / "cafe", ["x"])
    (snapshot / "model.safetensors").symlink_to("../../blobs/cafe")
    assert open_checkpoint(snapshot).name == "some-model"
    assert open_checkpoint(snapshot / "model.safetensors").name == "some-model"
