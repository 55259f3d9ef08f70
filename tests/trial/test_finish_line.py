"""One finish line for all loaders: what each contract makes of owned, mapped and reused tensors."""

import ctypes
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from loadbench.loaders.contract import Memory
from loadbench.records import Contract
from loadbench.trial.finish_line import WrongTensorError, consume, finish_line, touch
from loadbench.trial.witness import TrialWitness

CPU = torch.device("cpu")


def taken(
    tensors: list[tuple[str, torch.Tensor]],
    contract: Contract,
    memory: Memory,
    dtype: str = "auto",
    parameters: dict[str, torch.Tensor] | None = None,
) -> dict[str, torch.Tensor]:
    witness = TrialWitness(0, Path("unused"))
    return consume(iter(tensors), finish_line(contract, memory, dtype, CPU, parameters or {}), witness)


def test_owned_tensors_are_kept_as_they_are() -> None:
    tensor = torch.randn(4)
    assert taken([("a", tensor)], "owned", "owned")["a"].data_ptr() == tensor.data_ptr()


@pytest.mark.parametrize("memory", ["mapped", "reused"])
def test_what_is_not_owned_is_cloned(memory: Memory) -> None:
    tensor = torch.randn(4)
    held = taken([("a", tensor)], "owned", memory)["a"]
    assert held.data_ptr() != tensor.data_ptr()
    assert torch.equal(held, tensor)


def test_a_reused_buffer_is_copied_before_the_next_tensor_is_asked_for() -> None:
    buffer = torch.zeros(1)

    def reuse() -> Iterator[tuple[str, torch.Tensor]]:
        for number in range(3):
            buffer.fill_(number)
            yield str(number), buffer

    witness = TrialWitness(0, Path("unused"))
    held = consume(reuse(), finish_line("owned", "reused", "auto", CPU, {}), witness)
    assert [tensor.item() for tensor in held.values()] == [0, 1, 2]


def test_conversion_takes_floats_only() -> None:
    tensors = [("f", torch.randn(3)), ("i", torch.arange(3)), ("b", torch.randn(2, dtype=torch.bfloat16))]
    held = taken(tensors, "owned", "owned", "F16")
    assert [tensor.dtype for tensor in held.values()] == [torch.float16, torch.int64, torch.float16]


def test_stream_copies_into_the_parameter_that_was_there() -> None:
    parameter = torch.zeros(2, 2, dtype=torch.float16)
    held = taken([("a", torch.ones(2, 2))], "stream", "owned", parameters={"a": parameter})
    assert held["a"] is parameter
    assert parameter.sum() == 4


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [("b", torch.ones(2, 2), "'b' is not in the checkpoint"), ("a", torch.ones(2), r"shape \[2\], not \[2, 2\]")],
)
def test_stream_takes_nothing_else(name: str, tensor: torch.Tensor, message: str) -> None:
    with pytest.raises(WrongTensorError, match=message):
        taken([(name, tensor)], "stream", "owned", parameters={"a": torch.zeros(2, 2)})


def test_parameters_that_want_a_gradient_are_taken_without_one() -> None:
    held = taken([("a", torch.nn.Parameter(torch.randn(2)))], "owned", "mapped")
    assert not held["a"].requires_grad


def test_twice() -> None:
    with pytest.raises(WrongTensorError, match="'a' was yielded twice"):
        taken([("a", torch.ones(1)), ("a", torch.ones(1))], "owned", "owned")


def test_touch_reads_every_page(tmp_path: Path) -> None:
    """Residency of a mapped file's pages in this process grows to the whole file."""
    file = tmp_path / "file"
    size = 64 * 4096 + 5
    file.write_bytes(bytes(size))
    mapped = torch.from_file(str(file), shared=False, size=size, dtype=torch.uint8)
    # Without this a fault maps the pages around it too, and one touch in sixteen would do.
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
    assert libc.madvise(mapped.data_ptr(), size, mmap.MADV_RANDOM) == 0
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    touch(mapped)
    assert resident_kib(file) >= 65 * 4


def resident_kib(file: Path) -> int:
    lines = Path("/proc/self/smaps").read_text().splitlines()
    start = next(index for index, line in enumerate(lines) if line.endswith(str(file)))
    return next(int(line.split()[1]) for line in lines[start:] if line.startswith("Rss:"))


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (5,)])
def test_touch_takes_every_shape(shape: tuple[int, ...]) -> None:
    touch(torch.zeros(shape))
