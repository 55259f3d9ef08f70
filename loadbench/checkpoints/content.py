"""The bytes of a synthetic checkpoint: random, seeded, and valid numbers of their tensors' dtypes.

The bytes of a block depend on the seed, the file's number and the block's number only. No two blocks
are alike and none compresses to speak of, so that storage that compresses or finds duplicates wins
nothing. Floating tensors hold finite numbers: a NaN would differ from itself where a loader's result is compared.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from loadbench.checkpoints.plan import FilePlan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 8 * 2**20
"""Bytes that are made and written at a time. Another size would make other bytes."""

_WORD = 8
_CLEARED_BITS = {
    "F16": bytes([0xFF, 0xBF]),
    "BF16": bytes([0xFF, 0xBF]),
    "F32": bytes([0xFF, 0xFF, 0xFF, 0xBF]),
    "C64": bytes([0xFF, 0xFF, 0xFF, 0xBF]),
    "F64": bytes([0xFF] * 7 + [0xBF]),
    "BOOL": bytes([0x01]),
}
"""What an element (of C64: each half) is and-ed with. For floats it is all but the top bit of the
exponent: the number is then finite and below 2, and keeps all its other random bits."""

_REPLACED_BYTES = {
    "F8_E4M3": (0x7F, 0x7F, 0x01),
    "F8_E5M2": (0x7C, 0x7C, 0x40),
    "F8_E8M0": (0xFF, 0xFF, 0x01),
    "F8_E4M3FNUZ": (0xFF, 0x80, 0x01),
    "F8_E5M2FNUZ": (0xFF, 0x80, 0x01),
}
"""For the 8-bit floats (mask, value, flip): bytes that equal `value` under `mask` are the NaNs and infinities;
flipping the bits `flip` makes them finite. Clearing a bit of every byte would take an eighth of the randomness."""


def fill_block(target: NDArray[np.uint8], plan: FilePlan, seed: int, file_number: int, block_number: int) -> None:
    """Write one block of a file, header included, to `target`: as long as the block is, and 8-byte aligned."""
    import numpy as np

    begin = block_number * BLOCK
    end = begin + len(target)
    sequence = np.random.SeedSequence(seed, spawn_key=(file_number, block_number))
    random = np.random.SFC64(sequence).random_raw(-(-len(target) // _WORD)).view(np.uint8)
    np.copyto(target, random[: len(target)])
    header = plan.header[begin:end]
    target[: len(header)] = np.frombuffer(header, np.uint8)
    data = len(plan.header)
    first = bisect_right(plan.tensors, begin - data, key=lambda tensor: tensor.end)
    for tensor in plan.tensors[first:]:
        if data + tensor.begin >= end:
            break
        low, high = max(begin, data + tensor.begin), min(end, data + tensor.end)
        _make_valid(target, low - begin, high - begin, tensor.dtype, begin - data - tensor.begin)


def _make_valid(block: NDArray[np.uint8], low: int, high: int, dtype: str, shift: int) -> None:
    """Make block[low:high] valid numbers of a dtype. `shift` + a position in the block is one in the tensor."""
    if dtype in _REPLACED_BYTES:
        import numpy as np

        mask, value, flip = _REPLACED_BYTES[dtype]
        part = block[low:high]
        part ^= ((part & np.uint8(mask)) == value).view(np.uint8) * np.uint8(flip)
    elif dtype in _CLEARED_BITS:
        _and(block, low, high, _CLEARED_BITS[dtype], shift)


def _and(block: NDArray[np.uint8], low: int, high: int, element: bytes, shift: int) -> None:
    """And block[low:high] with a repeated element, whole words at a time, however the tensor is aligned."""
    import numpy as np

    word = (element * (2 * _WORD // len(element)))[(shift % len(element)) :][:_WORD]
    pattern = np.frombuffer(word, np.uint8)
    first, last = -(-low // _WORD) * _WORD, high // _WORD * _WORD
    if first >= last:
        block[low:high] &= np.resize(np.roll(pattern, -low), high - low)
        return
    block[low:first] &= pattern[_WORD - (first - low) :]
    words = block[first:last].view(np.uint64)
    words &= pattern.view(np.uint64)[0]
    block[last:high] &= pattern[: high - last]
