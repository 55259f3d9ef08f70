import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import xxhash
from safetensors.torch import save_file

from loadbench.checkpoints.checkpoint import Checkpoint, open_checkpoint
from loadbench.checkpoints.manifest import Manifest, manifest_of, manifest_path
from loadbench.checkpoints.synthetic import make_checkpoint
from loadbench.errors import CheckpointError, UsageError
from tests.checkpoints.raw import raw_file, tensor, write_floats


def digest(value: torch.Tensor) -> str:
    return str(xxhash.xxh3_128_hexdigest(value.contiguous().reshape(-1).view(torch.uint8).numpy().data))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOADBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Several blocks, unaligned: tensors begin, end and go on across block boundaries inside an element."""
    return make_checkpoint("gpt2", tmp_path_factory.mktemp("large") / "gpt2", scale=0.001)


def test_digests_are_those_of_the_bytes_in_the_file(large: Checkpoint, cache: Path) -> None:
    content = large.files[0].read_bytes()
    manifest = manifest_of(large)
    assert manifest.algorithm == "xxh3_128"
    assert list(manifest.tensors) == [stored.name for stored in large.tensors]
    for stored in large.tensors:
        expected = manifest.tensors[stored.name]
        raw = content[stored.offset : stored.offset + stored.bytes]
        assert (expected.dtype, expected.shape) == (stored.dtype, stored.shape)
        assert expected.digest == xxhash.xxh3_128_hexdigest(raw)
    assert manifest.files == {"model.safetensors": xxhash.xxh3_128_hexdigest(content)}


@pytest.mark.parametrize(("dtype", "torch_dtype"), [("F16", torch.float16), ("BF16", torch.bfloat16)])
def test_digests_after_conversion_are_torchs(
    dtype: str, torch_dtype: torch.dtype, large: Checkpoint, cache: Path
) -> None:
    content = large.files[0].read_bytes()
    manifest = manifest_of(large, dtype)
    for stored in large.tensors:
        raw = np.frombuffer(content[stored.offset : stored.offset + stored.bytes], "<f4").copy()
        expected = manifest.tensors[stored.name]
        assert (expected.dtype, expected.shape) == (dtype, stored.shape)
        assert expected.digest == digest(torch.from_numpy(raw).to(torch_dtype))


def test_conversion_leaves_other_dtypes_alone(tmp_path: Path, cache: Path) -> None:
    values = {
        "f64": torch.randn(9, dtype=torch.float64),
        "f16": torch.randn(9).half(),
        "bf16": torch.randn(3, 3).bfloat16(),
        "f8": torch.randn(8).to(torch.float8_e4m3fn),
        "i64": torch.arange(5),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(1.5),
        "none": torch.zeros(0, 4),
    }
    save_file(values, tmp_path / "x.safetensors")
    manifest = manifest_of(open_checkpoint(tmp_path), "F32")
    for name, value in values.items():
        converted = value.float() if name in ("f64", "f16", "bf16") else value
        assert manifest.tensors[name].digest == digest(converted), name
        assert (manifest.tensors[name].dtype == "F32") == (converted.dtype == torch.float32)
        assert manifest.tensors[name].shape == tuple(value.shape)


def test_unknown_dtype(large: Checkpoint) -> None:
    with pytest.raises(UsageError, match="unknown dtype 'F17'.*Known: BF16, F16, F32, auto"):
        manifest_of(large, "F17")


def test_the_cached_manifest_is_read_without_reading_the_files(large: Checkpoint, cache: Path) -> None:
    calls: list[tuple[int, int]] = []
    first = manifest_of(large, progress=lambda *call: calls.append(call))
    assert calls[-1] == (large.file_bytes, large.file_bytes)
    calls.clear()
    assert manifest_of(large, progress=lambda *call: calls.append(call)) == first
    assert not calls
    assert Manifest.read(manifest_path(large)) == first
    assert manifest_path(large) != manifest_path(large, "F16")


def _same_size(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")


def _same_size_and_time(path: Path) -> None:
    times = path.stat()
    _same_size(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _replaced(path: Path) -> None:
    times = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes()[:-1] + b"\x01")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [_same_size, _same_size_and_time, _replaced])
def test_a_changed_file_is_noticed(change: Callable[[Path], None], tmp_path: Path, cache: Path) -> None:
    path = write_floats(tmp_path / "x.safetensors", ["a", "b"])
    before = manifest_of(open_checkpoint(path))
    time.sleep(0.02)  # the kernel's clock for file times ticks every few milliseconds
    change(path)
    after = manifest_of(open_checkpoint(path))
    assert after.tensors["a"] == before.tensors["a"]
    assert after.tensors["b"] != before.tensors["b"]
    assert after.digest != before.digest


def test_one_digest_for_one_content_however_it_is_split(tmp_path: Path, cache: Path) -> None:
    names = ["a", "b"]
    whole = manifest_of(open_checkpoint(write_floats(tmp_path / "whole.safetensors", names)))
    parts = tmp_path / "parts"
    parts.mkdir()
    write_floats(parts / "1.safetensors", names[:1])
    write_floats(parts / "2.safetensors", names[1:], seed=7)
    split = manifest_of(open_checkpoint(parts))
    data = (tmp_path / "whole.safetensors").read_bytes()[-32:]
    (parts / "2.safetensors").write_bytes((parts / "2.safetensors").read_bytes()[:-32] + data)
    again = manifest_of(open_checkpoint(parts))
    assert again.digest == whole.digest
    assert again.files != whole.files
    assert split.digest != whole.digest


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"tensors": 1}'])
def test_a_damaged_manifest_is_made_again(text: str, tmp_path: Path, cache: Path) -> None:
    checkpoint = open_checkpoint(write_floats(tmp_path / "x.safetensors", ["a"]))
    manifest = manifest_of(checkpoint)
    path = manifest_path(checkpoint)
    path.write_text(text)
    with pytest.raises(CheckpointError, match="is not a manifest"):
        Manifest.read(path)
    assert manifest_of(checkpoint) == manifest
    assert json.loads(path.read_text())["digest"] == manifest.digest
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, cache: Path) -> None:
    path = write_floats(tmp_path / "x.safetensors", ["a"])
    checkpoint = open_checkpoint(path)

    def change(done: int, total: int) -> None:
        os.utime(path, ns=(1, 1))

    with pytest.raises(CheckpointError, match="changed while it was read"):
        manifest_of(checkpoint, progress=change)
    assert not list((cache / "manifests").iterdir())


def test_a_file_cut_since_it_was_opened(large: Checkpoint, tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(large.files[0].read_bytes())
    checkpoint = open_checkpoint(path)

    def cut(done: int, total: int) -> None:
        os.truncate(path, 1000)

    with pytest.raises(CheckpointError, match="changed while it was read"):
        manifest_of(checkpoint, progress=cut)


@pytest.mark.parametrize("place", ["/proc/nowhere", "file"])
def test_a_cache_that_cannot_be_written(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: Checkpoint
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LOADBENCH_CACHE", str(tmp_path / place))
    with pytest.raises(CheckpointError, match="cannot be written: .* Set LOADBENCH_CACHE"):
        manifest_of(large)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A file system that cannot be written, with a checkpoint on it."""
    (tmp_path / "source").mkdir()
    write_floats(tmp_path / "source" / "x.safetensors", ["a"])
    place = tmp_path / "mounted"
    place.mkdir()
    commands = (
        ["mount", "--bind", str(tmp_path / "source"), str(place)],
        ["mount", "-o", "remount,ro,bind", str(place)],
    )
    if os.geteuid() != 0 or any(subprocess.run(command).returncode for command in commands):
        pytest.skip("only root can mount a file system")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_read_only_media(read_only: Path, cache: Path) -> None:
    with pytest.raises(OSError, match="Read-only"):
        (read_only / "y").write_text("")
    assert manifest_of(open_checkpoint(read_only)).tensors


def test_no_loader_library_is_imported(tmp_path: Path) -> None:
    write_floats(tmp_path / "x.safetensors", ["a"])
    code = (
        "import sys; from loadbench.checkpoints.checkpoint import open_checkpoint\n"
        "from loadbench.checkpoints.manifest import manifest_of\n"
        f"manifest_of(open_checkpoint({str(tmp_path)!r}), 'F16')\n"
        "print([m for m in ('torch', 'safetensors', 'tensorizer', 'fastsafetensors') if m in sys.modules])"
    )
    environment = {**os.environ, "LOADBENCH_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[]\n"


def test_sub_byte_and_empty_files(tmp_path: Path, cache: Path) -> None:
    header = {"f4": tensor("F4", [4], 0, 2), "f6": tensor("F6_E2M3", [4], 2, 5)}
    (tmp_path / "x.safetensors").write_bytes(raw_file(header, b"abcde"))
    (tmp_path / "y.safetensors").write_bytes(raw_file({}))
    manifest = manifest_of(open_checkpoint(tmp_path), "BF16")
    assert manifest.tensors["f4"].digest == xxhash.xxh3_128_hexdigest(b"ab")
    assert manifest.tensors["f6"].digest == xxhash.xxh3_128_hexdigest(b"cde")
    assert set(manifest.files) == {"x.safetensors", "y.safetensors"}
