import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from loadbench.checkpoints.rounding import FLOATS, TARGETS, convert

TORCH = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}


def assert_same_as_torch(raw: NDArray[np.uint8], source: str) -> None:
    original = torch.from_numpy(raw.copy()).view(TORCH[source])
    numbers = ~torch.isnan(original).numpy()
    for target in TARGETS:
        ours = convert(raw, source, target).view(np.uint8).reshape(-1, BYTES[target])
        theirs = original.to(TORCH[target]).view(torch.uint8).numpy().reshape(-1, BYTES[target])
        assert (ours[numbers] == theirs[numbers]).all(), (source, target)
        back = torch.from_numpy(ours.copy()).reshape(-1).view(TORCH[target])
        assert (torch.isnan(back).numpy() == ~numbers).all(), (source, target)


@pytest.mark.parametrize("source", ["F16", "BF16"])
def test_every_16_bit_number(source: str) -> None:
    assert_same_as_torch(np.arange(2**16, dtype="<u2").view(np.uint8), source)


@pytest.mark.parametrize("low", [0, 1, 0x0FFF, 0x1000, 0x1001, 0x1FFF])
def test_f32_at_and_beside_every_tie_of_f16(low: int) -> None:
    """All signs, exponents and upper mantissas: subnormals, overflow, infinities and NaNs among them."""
    assert_same_as_torch((np.arange(2**19, dtype="<u4") << 13 | np.uint32(low)).view(np.uint8), "F32")


@pytest.mark.parametrize("low", [0x7FFF, 0x8000, 0x8001])
def test_f32_at_and_beside_every_tie_of_bf16(low: int) -> None:
    assert_same_as_torch((np.arange(2**16, dtype="<u4") << 16 | np.uint32(low)).view(np.uint8), "F32")


@pytest.mark.parametrize("nudge", [0.0, 1e-12, -1e-12])
def test_f64_beside_the_ties_of_f16_rounds_twice_as_torch_does(nudge: float) -> None:
    numbers = np.arange(0x7BFF, dtype="<u2").view("<f2").astype("<f8")
    between = (numbers[:-1] + numbers[1:]) / 2
    assert_same_as_torch((between * (1 + nudge)).view(np.uint8), "F64")


@pytest.mark.parametrize("source", FLOATS)
def test_random_bits(source: str) -> None:
    assert_same_as_torch(np.frombuffer(np.random.default_rng(0).bytes(400_000), np.uint8), source)


@given(st.lists(st.floats(), min_size=1))
def test_any_f64(values: list[float]) -> None:
    assert_same_as_torch(np.array(values, "<f8").view(np.uint8), "F64")
