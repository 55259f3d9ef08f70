import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from loadbench.checkpoints.checkpoint import Checkpoint, open_checkpoint
from loadbench.checkpoints.convert import converted
from loadbench.errors import CheckpointError
from tests.checkpoints.raw import raw_file, tensor, write_floats


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOADBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def original(tmp_path: Path) -> Checkpoint:
    """Two files of several dtypes, some of them unaligned."""
    directory = tmp_path / "original"
    directory.mkdir()
    generator = torch.Generator().manual_seed(0)
    first = {
        "byte": torch.randint(0, 256, (3,), dtype=torch.uint8, generator=generator),
        "half": torch.randn(5, 7, generator=generator).bfloat16(),
        "eight": torch.randn(16, generator=generator).to(torch.float8_e4m3fn),
        "scalar": torch.tensor(3.25),
        "none": torch.zeros(0, 3),
        "flag": torch.tensor([True, False, True]),
    }
    save_file(first, directory / "a.safetensors")
    data = bytes(range(1, 10))
    header = {"u": tensor("U8", [1], 0, 1), "odd.weight": tensor("F32", [2], 1, 9)}
    (directory / "b.safetensors").write_bytes(raw_file(header, data))
    return open_checkpoint(directory)


def test_tensorizer_loads_the_same_bytes(original: Checkpoint, cache: Path) -> None:
    from tensorizer import TensorDeserializer

    calls: list[tuple[int, int]] = []
    result = converted(original, lambda *call: calls.append(call))
    assert (result.format, result.name, len(result.files)) == ("tensors", original.name, 1)
    assert (result.payload_bytes, result.tensors) == (original.payload_bytes, original.tensors)
    assert result.file_bytes == result.files[0].stat().st_size
    assert calls[-1] == (original.payload_bytes, original.payload_bytes)
    with TensorDeserializer(result.files[0], device="cpu") as loaded:
        assert set(loaded.keys()) == {stored.name for stored in original.tensors}
        for stored in original.tensors:
            raw = stored.file.read_bytes()[stored.offset : stored.offset + stored.bytes]
            value = loaded[stored.name].data
            assert tuple(value.shape) == stored.shape
            assert value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() == raw


def test_it_is_made_once_and_again_when_the_original_changed(original: Checkpoint, cache: Path) -> None:
    first = converted(original)
    made = first.files[0].stat().st_ino, first.files[0].stat().st_mtime_ns
    assert converted(original) == first
    assert (first.files[0].stat().st_ino, first.files[0].stat().st_mtime_ns) == made
    os.utime(original.files[0], ns=(1, 1))
    second = converted(original)
    assert (second.files[0].stat().st_ino, second.files[0].stat().st_mtime_ns) != made
    assert len(list((cache / "converted").iterdir())) == 1


def test_a_truncated_conversion_is_made_again(original: Checkpoint, cache: Path) -> None:
    """tensorizer itself would load it, with wrong numbers."""
    first = converted(original)
    whole = first.files[0].read_bytes()
    os.truncate(first.files[0], len(whole) - 3)
    assert converted(original).files[0].stat().st_size == len(whole)


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        ({"a": tensor("F6_E2M3", [4], 0, 3)}, bytes(3), "torch has no dtype for tensor 'a', F6_E2M3"),
        ({"a": tensor("BF16", [0], 0, 0)}, b"", "zero-size BF16 tensor, such as 'a'"),
        ({"a": tensor("F8_E5M2", [4, 0], 0, 0)}, b"", "zero-size F8_E5M2 tensor"),
        ({}, b"", "no tensors"),
    ],
)
def test_what_tensorizer_cannot_have(
    header: dict[str, object], data: bytes, words: str, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "x.safetensors").write_bytes(raw_file(header, data))
    with pytest.raises(CheckpointError, match=f"cannot be converted for tensorizer: .*{words}"):
        converted(open_checkpoint(tmp_path / "x.safetensors"))


def test_a_failing_child_says_why(original: Checkpoint, cache: Path) -> None:
    content = original.files[1].read_bytes()
    original.files[1].write_bytes(content[:-1])
    with pytest.raises(CheckpointError, match=r"cannot be converted for tensorizer: SafetensorError: .*incomplete"):
        converted(original)
    assert not list((cache / "converted").iterdir())


def test_no_room(tmp_path: Path, cache: Path) -> None:
    with (tmp_path / "x.safetensors").open("wb") as file:
        size = 2**43
        file.write(raw_file({"a": tensor("U8", [size], 0, size)}))
        try:
            file.truncate(file.tell() + size)  # sparse
        except OSError:
            pytest.skip("this file system has no files of 8 TiB")
    with pytest.raises(CheckpointError, match=r"has no room: .* or set LOADBENCH_CACHE"):
        converted(open_checkpoint(tmp_path / "x.safetensors"))


def test_the_child_does_not_outlive_its_parent(tmp_path: Path, cache: Path) -> None:
    """Where the command is killed, the conversion must not go on behind its back."""
    write_floats(tmp_path / "x.safetensors", ["a"])
    code = (
        "from loadbench.checkpoints.checkpoint import open_checkpoint\n"
        "from loadbench.checkpoints.convert import converted\n"
        f"converted(open_checkpoint({str(tmp_path)!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    wait_until(lambda: bool(children.read_text()))
    child = int(children.read_text().split()[0])
    wait_until(lambda: "libtorch" in Path(f"/proc/{child}/maps").read_text())
    os.kill(child, signal.SIGSTOP)  # so that it cannot end by itself
    try:
        parent.kill()
        parent.wait()
        wait_until(lambda: not is_alive(child))
    finally:
        if is_alive(child):
            os.kill(child, signal.SIGKILL)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_torch_stays_out_of_the_parent(tmp_path: Path, cache: Path) -> None:
    write_floats(tmp_path / "x.safetensors", ["a"])
    code = (
        "import sys; from loadbench.checkpoints.checkpoint import open_checkpoint\n"
        "from loadbench.checkpoints.convert import converted\n"
        f"converted(open_checkpoint({str(tmp_path)!r}))\n"
        "print('torch' in sys.modules, 'tensorizer' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
