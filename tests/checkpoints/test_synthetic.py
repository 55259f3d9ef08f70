import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors import safe_open

from loadbench.checkpoints.cache import default_cache_dir
from loadbench.checkpoints.checkpoint import open_checkpoint
from loadbench.checkpoints.content import BLOCK
from loadbench.checkpoints.manifest import manifest_of
from loadbench.checkpoints.synthetic import ensure_spec, make_checkpoint
from loadbench.errors import CheckpointError, UsageError
from tests.checkpoints.raw import raw_file, tensor

SMALL = 0.001  # of gpt2: one layer, 50 tokens; 35 MB


def raw_bytes(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.glob("*.safetensors")}


def entries(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "small"
    make_checkpoint("gpt2", out, scale=SMALL)
    return out


def test_what_is_written_is_what_safetensors_reads(small: Path) -> None:
    """Every tensor by the library's own reader against our own read: the same bytes, all finite."""
    import torch
    import xxhash

    checkpoint = open_checkpoint(small)
    manifest = manifest_of(checkpoint)
    assert (checkpoint.name, checkpoint.source) == ("gpt2-scale0.001", "synthetic gpt2, scaled by 0.001, seed 0")
    with safe_open(small / "model.safetensors", "pt") as file:
        assert set(file.keys()) == set(manifest.tensors)
        for name, expected in manifest.tensors.items():
            value = file.get_tensor(name)
            assert tuple(value.shape) == expected.shape
            assert torch.isfinite(value).all()
            assert value.unique().numel() > 0.99 * value.numel()
            raw = value.clone().reshape(-1).view(torch.uint8).numpy().data
            assert xxhash.xxh3_128_hexdigest(raw) == expected.digest


def test_several_files_with_an_index(tmp_path: Path) -> None:
    checkpoint = make_checkpoint("qwen3-30b-a3b", tmp_path / "q", scale=0.01)
    assert len(checkpoint.files) > 1
    assert entries(tmp_path / "q") == sorted(
        [*(file.name for file in checkpoint.files), "loadbench.json", "model.safetensors.index.json"]
    )
    assert {t.dtype for t in checkpoint.tensors} == {"BF16"}
    assert entries(tmp_path) == ["q"]
    digests = [entry.digest for entry in manifest_of(checkpoint).tensors.values()]
    assert len(set(digests)) == len(digests)


def test_the_same_request_gives_the_same_bytes_and_another_seed_others(small: Path, tmp_path: Path) -> None:
    make_checkpoint("gpt2", tmp_path / "again", scale=SMALL)
    assert raw_bytes(tmp_path / "again") == raw_bytes(small)
    other = make_checkpoint("gpt2", tmp_path / "other", scale=SMALL, seed=1)
    assert other.name == "gpt2-scale0.001-seed1"
    ours, theirs = manifest_of(open_checkpoint(small)).tensors, manifest_of(other).tensors
    assert all(ours[name].digest != theirs[name].digest for name in ours)


def test_like_has_the_same_header_and_other_data(tmp_path: Path) -> None:
    header = {"s": tensor("F32", [], 0, 4), "z": tensor("BF16", [0], 4, 4), "b": tensor("BOOL", [5], 4, 9)}
    original = tmp_path / "original"
    original.mkdir()
    (original / "x.safetensors").write_bytes(raw_file(header, bytes(9)))
    checkpoint = make_checkpoint(None, tmp_path / "copy", like=original)
    copy = (tmp_path / "copy" / "x.safetensors").read_bytes()
    assert copy[:-9] == raw_file(header)
    assert copy[-9:] != bytes(9)
    assert checkpoint.source == "synthetic, like original, seed 0"
    again = make_checkpoint(None, tmp_path / "copy", like=original)
    assert again == checkpoint


def test_files_of_one_layout_have_different_data(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.mkdir()
    for name in ("a", "b"):
        (original / f"{name}.safetensors").write_bytes(raw_file({name: tensor("U8", [99], 0, 99)}, bytes(99)))
    make_checkpoint(None, tmp_path / "copy", like=original)
    a, b = raw_bytes(tmp_path / "copy").values()
    assert len(a) == len(b)
    assert a[-99:] != b[-99:]


def test_like_excludes_a_model_and_one_of_them_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--like takes everything"):
        make_checkpoint("gpt2", tmp_path / "x", like=tmp_path)
    with pytest.raises(UsageError, match="--like takes everything"):
        make_checkpoint(None, tmp_path / "x", like=tmp_path, layers=2)
    with pytest.raises(UsageError, match="No model is named"):
        make_checkpoint(None, tmp_path / "x")
    with pytest.raises(UsageError, match="--seed -1"):
        make_checkpoint("gpt2", tmp_path / "x", seed=-1)


def test_progress_counts_up_to_the_size(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    checkpoint = make_checkpoint("gpt2", tmp_path / "x", scale=SMALL, progress=lambda *call: calls.append(call))
    assert len(calls) == -(-checkpoint.file_bytes // BLOCK)
    assert calls == sorted(calls)
    assert calls[-1] == (checkpoint.file_bytes, checkpoint.file_bytes)


def test_an_existing_checkpoint_is_taken_only_if_it_is_the_same(small: Path) -> None:
    before = (small / "model.safetensors").stat().st_mtime_ns
    assert make_checkpoint("gpt2", small, scale=SMALL).name == "gpt2-scale0.001"
    assert (small / "model.safetensors").stat().st_mtime_ns == before
    for other in ({"scale": 0.002}, {"scale": SMALL, "seed": 1}):
        with pytest.raises(CheckpointError, match="exists and is not gpt2-scale"):
            make_checkpoint("gpt2", small, **other)  # type: ignore[arg-type]


def test_an_existing_checkpoint_that_was_cut_is_not_taken(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "cut"
    shutil.copytree(small, out)
    os.truncate(out / "model.safetensors", 30_000_000)
    with pytest.raises(CheckpointError, match="exists and is not"):
        make_checkpoint("gpt2", out, scale=SMALL)


@pytest.mark.parametrize("kind", ["directory with a file", "file", "below a file"])
def test_other_things_in_the_way_are_left_alone(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if kind == "directory with a file":
        out.mkdir()
        (out / "mine").write_text("keep")
    else:
        out.write_text("keep")
    with pytest.raises(CheckpointError, match=r"exists and is not|cannot be"):
        make_checkpoint("gpt2", out / "below" if kind == "below a file" else out, scale=SMALL)
    assert (out / "mine" if out.is_dir() else out).read_text() == "keep"
    assert entries(tmp_path) == ["out"]


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert make_checkpoint("gpt2", tmp_path / "out", scale=SMALL).tensors


WRITER = """
import signal, sys, time
from pathlib import Path
from loadbench.checkpoints.synthetic import make_checkpoint
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started deaf to it
def slow(done, total):
    print(done, flush=True)
    while not Path(sys.argv[2]).exists():
        time.sleep(0.05)
make_checkpoint("gpt2", Path(sys.argv[1]), scale=0.001, progress=slow)
"""


def go_on(tmp_path: Path) -> Path:
    """The file that lets the writer go on."""
    return tmp_path.with_name(f"{tmp_path.name}-go-on")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is in the middle of writing tmp_path/out, and stays there until `go_on`."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "out"), str(go_on(tmp_path))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_a_killed_writer_leaves_nothing_that_looks_whole(writer: subprocess.Popen[str], tmp_path: Path) -> None:
    writer.kill()
    writer.wait()
    [leftover] = tmp_path.iterdir()
    assert leftover.name == f".out.partial-{writer.pid}"
    with pytest.raises(CheckpointError, match="interrupted 'loadbench model make'"):
        open_checkpoint(leftover)
    with pytest.raises(CheckpointError, match="does not exist"):
        open_checkpoint(tmp_path / "out")
    make_checkpoint("gpt2", tmp_path / "out", scale=SMALL)
    assert entries(tmp_path) == ["out"]


def test_a_living_writer_is_not_disturbed(writer: subprocess.Popen[str], tmp_path: Path) -> None:
    make_checkpoint("gpt2", tmp_path / "out", scale=SMALL)
    assert entries(tmp_path) == [f".out.partial-{writer.pid}", "out"]
    go_on(tmp_path).touch()
    writer.wait(60)  # it finds the place taken, and removes what it wrote
    assert writer.returncode != 0
    assert entries(tmp_path) == ["out"]


def test_ctrl_c_removes_what_was_written(writer: subprocess.Popen[str], tmp_path: Path) -> None:
    writer.send_signal(signal.SIGINT)
    writer.wait(60)
    assert entries(tmp_path) == []


def test_no_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free > 680e9:
        pytest.skip("this disk has room for it")
    words = r"has no room: 688,5\d\d,\d\d\d,\d\d\d bytes are needed, [\d,]+ are free"
    with pytest.raises(CheckpointError, match=words):
        make_checkpoint("deepseek-r1", tmp_path / "out")
    assert entries(tmp_path) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 50 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=50M", "none", place]).returncode != 0:
        pytest.skip("only root can mount a file system")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_disk_that_fills_while_writing(tiny_disk: Path) -> None:
    def fill_up(done: int, total: int) -> None:
        (tiny_disk / "other").write_bytes(bytes(min(20_000_000, shutil.disk_usage(tiny_disk).free)))

    # tmpfs reserves what fallocate asks for, so the second file is the one that finds no room.
    original = tiny_disk.parent / "original"
    original.mkdir()
    for name in ("a", "b"):
        header = {name: tensor("U8", [20_000_000], 0, 20_000_000)}
        (original / f"{name}.safetensors").write_bytes(raw_file(header, bytes(20_000_000)))
    with pytest.raises(CheckpointError, match=r"No space left on device\. Make room or name another --out"):
        make_checkpoint(None, tiny_disk / "out", like=original, progress=fill_up)
    assert entries(tiny_disk) == ["other"]


def test_a_disk_too_small(tiny_disk: Path) -> None:
    with pytest.raises(CheckpointError, match=r"are needed, [\d,]+ are free"):
        make_checkpoint("gpt2", tiny_disk / "out", layers=2)
    assert entries(tiny_disk) == []


def test_ensure_spec_makes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOADBENCH_CACHE", str(tmp_path / "cache"))
    calls: list[tuple[int, int]] = []
    first = ensure_spec("gpt2-scale0.001", lambda *call: calls.append(call))
    assert first.path == tmp_path / "cache" / "checkpoints" / "gpt2-scale0.001"
    assert calls
    calls.clear()
    assert ensure_spec("gpt2-scale0.001", lambda *call: calls.append(call)) == first
    assert not calls
    with pytest.raises(UsageError, match="Known: "):
        ensure_spec("gpt5")


def test_the_cache_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setenv("LOADBENCH_CACHE", "~/own")
    assert default_cache_dir() == tmp_path / "own"
    monkeypatch.delenv("LOADBENCH_CACHE")
    assert default_cache_dir() == Path("/x/loadbench")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache_dir() == tmp_path / ".cache" / "loadbench"


def test_a_caller_that_gives_up_leaves_nothing(tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        make_checkpoint("gpt2", tmp_path / "out", layers=4, progress=stop)
    assert entries(tmp_path) == []
