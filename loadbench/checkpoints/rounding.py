"""Conversion between floating dtypes with numpy alone, bit for bit what torch's `Tensor.to` gives for numbers.

Round to nearest, ties to even; too large becomes infinite. torch converts F64 to a 16-bit type by way
of F32, so this does too. NaNs stay NaNs, but which of the many is not defined, in torch neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLOATS = ("F64", "F32", "F16", "BF16")
"""The dtypes that conversion is from."""

TARGETS = ("F32", "F16", "BF16")
"""The dtypes that conversion is to."""

_INFINITY = 0x7F800000
_IN_CACHE = 2**15
"""Elements converted at a time: few enough for all intermediate arrays to stay in the processor's cache."""

_NUMPY = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def convert(raw: NDArray[np.uint8], source: str, target: str) -> NDArray[Any]:
    """The elements in `raw`, of dtype `source`, as the little-endian bits of dtype `target`."""
    import numpy as np

    if source == target:
        return raw
    elements = raw.view(_NUMPY[source])
    result = np.empty(len(elements), "<u4" if target == "F32" else "<u2")
    narrow = {"F32": _same, "F16": _to_f16, "BF16": _to_bf16}[target]
    for begin in range(0, len(elements), _IN_CACHE):
        wide = _to_f32(elements[begin : begin + _IN_CACHE], source)
        result[begin : begin + _IN_CACHE] = narrow(wide.view("<u4"))
    return result


def _same(bits: NDArray[np.uint32]) -> NDArray[Any]:
    return bits


def _to_f32(elements: NDArray[Any], source: str) -> NDArray[Any]:
    import numpy as np

    if source == "BF16":
        return (elements.astype("<u4") << 16).view("<f4")
    with np.errstate(over="ignore", invalid="ignore"):
        return elements.astype("<f4", copy=False)


def _to_bf16(bits: NDArray[np.uint32]) -> NDArray[Any]:
    """Cut F32 to its upper 16 bits after adding what rounds to nearest even. A NaN must not be carried to infinity."""
    import numpy as np

    rounded = (bits + (((bits >> 16) & 1) + 0x7FFF)) >> 16
    nan = (bits & 0x7FFFFFFF) > _INFINITY
    return np.where(nan, (bits >> 16) | 0x0040, rounded) if nan.any() else rounded


def _to_f16(bits: NDArray[np.uint32]) -> NDArray[Any]:
    """Like numpy's own conversion, which takes 30 times as long where numbers underflow, as random ones do."""
    import numpy as np

    magnitude = bits & 0x7FFFFFFF
    limited = np.minimum(magnitude, 143 << 23)  # 65536, which rounds to infinity
    normal = (limited + (((limited >> 13) & 1) + (0xFFF - (112 << 23)) % 2**32)) >> 13
    # Below 2^-14 the processor rounds: in a sum with 0.5 the last bit of F32 is the last bit of a subnormal F16.
    half = np.float32(0.5)
    small = (limited.view("<f4") + half).view("<u4") - half.view("<u4")
    is_small = (limited < 113 << 23).astype("<u4")
    nan_bit = (magnitude > _INFINITY).astype("<u4") << 9
    result: NDArray[Any] = (normal ^ ((normal ^ small) * is_small)) | nan_bit | ((bits >> 16) & 0x8000)
    return result
