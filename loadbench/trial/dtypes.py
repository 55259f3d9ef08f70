"""The safetensors format's type names and torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

TORCH_NAMES = {
    "BOOL": "bool",
    "U8": "uint8", "I8": "int8",
    "U16": "uint16", "I16": "int16",
    "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64",
    "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
    "F4": "float4_e2m1fn_x2",
    "C64": "complex64",
}  # fmt: skip
CONVERTIBLE = frozenset({"F16", "BF16", "F32", "F64"})
"""Types that a dtype condition converts; all others arrive as they are in the file."""


def torch_dtype(name: str) -> torch.dtype:
    """torch's type for the format's name. A type that torch does not have is an AttributeError."""
    import torch

    dtype: torch.dtype = getattr(torch, TORCH_NAMES[name])
    return dtype


def torch_shape(dtype: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape as torch shows it: it packs two F4 values in one element of the last axis."""
    if dtype == "F4" and shape:
        return (*shape[:-1], shape[-1] // 2)
    return shape
