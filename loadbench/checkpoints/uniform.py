"""A family of models that vary one thing at a time: any size, any number of equal tensors, any number of files.

A name such as `uniform-512M-200t-4f` is a spec of its own, in the language of `shapes.json`: 512 MiB of BF16 in 200
one-dimensional tensors in 4 files. The last tensor takes the remainder, so that the payload is exact.
"""

import re
from collections.abc import Iterator
from typing import Any

from loadbench.errors import UsageError
from loadbench.units import parse_size

UNIFORM = "uniform-SIZE-TENSORSt-FILESf"
"""How the names are made, for lists of known names."""
UNIFORM_PATTERN = r"uniform-[0-9.]+[A-Za-z]*-[0-9]+t-[0-9]+f"
"""A regular expression for them, without groups."""
_PREFIX = "uniform-"
_ELEMENT_BYTES = 2
_MOST_IN_A_FILE = 500_000
"""Tensors: more would not fit into the 100 MB that the format allows for a header."""
_MOST_FILES = 10_000
"""More than any checkpoint has."""


def is_uniform(name: str) -> bool:
    """Whether a name can only be meant for this family."""
    return name.startswith(_PREFIX)


def incomplete(name: str) -> UsageError:
    """The error for a name that begins like one of the family and is none."""
    return UsageError(f"'{name}' is not a model. Write {UNIFORM}, such as uniform-512M-200t-4f.")


def uniform_spec(name: str) -> dict[str, Any]:
    """The spec that a name of the family stands for. A name that is not complete or not possible is a UsageError."""
    if not re.fullmatch(UNIFORM_PATTERN, name):
        raise incomplete(name)
    _, size_text, tensors_text, files_text = name.split("-")
    size, tensors, files = parse_size(size_text), int(tensors_text[:-1]), int(files_text[:-1])
    if size % _ELEMENT_BYTES:
        raise UsageError(f"{name}: {size} bytes do not fill BF16 numbers of {_ELEMENT_BYTES} bytes. Give an even size.")
    if not 1 <= files <= tensors:
        raise UsageError(f"{name}: {tensors} tensors do not fill {files} files. Give at least one tensor a file.")
    if size // _ELEMENT_BYTES < tensors:
        raise UsageError(f"{name}: {size} bytes are less than one number for each of {tensors} tensors.")
    if files > _MOST_FILES or -(-tensors // files) > _MOST_IN_A_FILE:
        raise UsageError(f"{name}: give at most {_MOST_FILES:,} files and {_MOST_IN_A_FILE:,} tensors in each.")
    return {"params": {}, "layout": _layout(size, files), "body": list(_body(size // _ELEMENT_BYTES, tensors, files))}


def _body(elements: int, tensors: int, files: int) -> Iterator[dict[str, Any]]:
    """The tensors. Their numbers have as many digits as the largest, so that their order is that of their names."""
    width = len(str(tensors - 1))
    each = elements // tensors
    for number in range(tensors):
        file = number * files // tensors
        size = each if number < tensors - 1 else elements - each * (tensors - 1)
        yield {"t": f"{_file_prefix(file)}tensors.{number:0{width}d}", "dtype": "BF16", "shape": [size]}


def _file_prefix(file: int) -> str:
    return f"files.{file:05d}."


def _layout(size: int, files: int) -> dict[str, Any]:
    """One file is written as most models of one file are, several as shards with an index."""
    common = {"order": "name", "header_pad": 8}
    if files == 1:
        return {"type": "single", "filename": "model.safetensors", **common}
    return {
        "type": "greedy",
        "limit": size,
        "cost": "bytes",
        "flush": "before_exceed",
        "break_before": [_file_prefix(file) for file in range(1, files)],
        "filename": "model-{k:05d}-of-{n:05d}.safetensors",
        "index": "model.safetensors.index.json",
        **common,
    }
