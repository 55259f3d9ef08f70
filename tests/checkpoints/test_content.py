import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from loadbench.checkpoints.content import BLOCK, fill_block
from loadbench.checkpoints.header import DTYPE_BITS, TensorEntry
from loadbench.checkpoints.plan import FilePlan, encode_header

DTYPES = sorted(DTYPE_BITS)


def one_tensor(dtype: str, elements: int, before: int = 3) -> FilePlan:
    """A file of `before` bytes, which misalign it, and one tensor."""
    size = elements * DTYPE_BITS[dtype] // 8
    entries = (
        TensorEntry("a", "U8", (before,), 0, before),
        TensorEntry("b", dtype, (elements,), before, before + size),
    )
    return FilePlan("x.safetensors", encode_header(entries, pad=1), entries)


def contents(plan: FilePlan, seed: int = 0, file_number: int = 0) -> NDArray[np.uint8]:
    blocks = []
    for number in range(-(-plan.bytes // BLOCK)):
        block = np.empty(min(BLOCK, plan.bytes - number * BLOCK), np.uint8)
        fill_block(block, plan, seed, file_number, number)
        blocks.append(block)
    return np.concatenate(blocks)


def tensor_of(plan: FilePlan, number: int = -1) -> NDArray[np.uint8]:
    entry = plan.tensors[number]
    start = len(plan.header)
    return contents(plan)[start + entry.begin : start + entry.end]


def _torch_floats() -> Iterator[tuple[str, object]]:
    import torch
    from safetensors.torch import _TYPES

    for name, dtype in {**_TYPES, "F8_E8M0": torch.float8_e8m0fnu}.items():
        if dtype.is_floating_point or dtype.is_complex:
            yield name, dtype


@pytest.mark.parametrize(("name", "dtype"), list(_torch_floats()))
@pytest.mark.parametrize("before", [0, 1, 2, 5, 7])
def test_floats_are_finite_wherever_the_tensor_begins(name: str, dtype: object, before: int) -> None:
    import torch

    raw = tensor_of(one_tensor(name, 40_000, before))
    values = torch.from_numpy(raw.copy()).view(dtype)  # type: ignore[call-overload]
    wide = values.to(torch.complex128 if values.is_complex() else torch.float64)
    assert torch.isfinite(wide).all()
    assert len(torch.unique(wide.real)) >= 100  # numbers of all kinds, not one


def test_floats_are_finite_across_a_block_boundary() -> None:
    plan = one_tensor("F32", (BLOCK + 10_000) // 4, before=2)
    values = tensor_of(plan).view("<f4")
    assert np.isfinite(values).all()
    assert np.abs(values).max() < 2


def test_small_tensors_between_others() -> None:
    entries = []
    offset = 0
    for number in range(500):
        dtype, size = (("BF16", 2), ("F64", 8), ("U8", 1), ("BOOL", 1), ("F8_E4M3", 1))[number % 5]
        entries.append(TensorEntry(str(number), dtype, (number % 4,), offset, offset + size * (number % 4)))
        offset = entries[-1].end
    plan = FilePlan("x", encode_header(entries, pad=1), tuple(entries))
    raw = contents(plan)
    assert raw[: len(plan.header)].tobytes() == plan.header
    data = raw[len(plan.header) :]
    for entry in entries:
        part = data[entry.begin : entry.end]
        match entry.dtype:
            case "BOOL":
                assert (part <= 1).all()
            case "F8_E4M3":
                assert ((part & 0x7F) != 0x7F).all()
            case "F64":
                assert np.isfinite(part.copy().view("<f8")).all()
            case "BF16":
                assert ((part.copy().view("<u2") & 0x4000) == 0).all()
    whole_range = np.concatenate([data[entry.begin : entry.end] for entry in entries if entry.dtype == "U8"])
    assert whole_range.max() > 200  # integers keep all their bits: nothing of a neighbour's rule spills over


@pytest.mark.parametrize("dtype", [name for name in DTYPES if name != "BOOL"])
def test_bytes_do_not_compress(dtype: str) -> None:
    raw = tensor_of(one_tensor(dtype, 8 * 2**20 // DTYPE_BITS[dtype])).tobytes()
    assert len(zlib.compress(raw, 9)) > 0.93 * len(raw)


def test_bool_bytes_are_zeros_and_ones() -> None:
    raw = tensor_of(one_tensor("BOOL", 100_000))
    assert set(np.unique(raw)) == {0, 1}


def test_no_two_pages_are_alike() -> None:
    """Also not of different files and seeds, page by page from the files' starts, as storage would compare them."""
    plan = one_tensor("F32", 3 * BLOCK // 4)
    pages = set()
    for raw in (contents(plan), contents(plan, file_number=1), contents(plan, seed=1)):
        pages |= {page.tobytes() for page in raw[: len(raw) // 4096 * 4096].reshape(-1, 4096)}
    assert len(pages) == 3 * (plan.bytes // 4096)


def test_same_seed_same_bytes() -> None:
    plan = one_tensor("BF16", 10_000)
    assert (contents(plan) == contents(plan)).all()
    # Pinned: what was made with an earlier version must be made again by a later one.
    assert zlib.crc32(tensor_of(plan).tobytes()) == 3797806641
