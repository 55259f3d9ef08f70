"""Which bytes of the files a repetition reads: all of them, or as long a prefix of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loadbench.units import MIB

MOST_FILES = 64
"""More files than this add nothing but descriptors; of more, so many are taken at even distances."""


@dataclass(frozen=True)
class Span:
    """The first `length` bytes of a file."""

    file: Path
    length: int


def whole(files: Sequence[Path]) -> tuple[Span, ...]:
    """The files whole, without the empty ones."""
    spans = [Span(file, size) for file in files if (size := file.stat().st_size)]
    if len(spans) <= MOST_FILES:
        return tuple(spans)
    return tuple(spans[index * (len(spans) - 1) // (MOST_FILES - 1)] for index in range(MOST_FILES))


def shorten(spans: Sequence[Span], limit: int) -> tuple[Span, ...]:
    """About the first `limit` bytes, spread: no span is longer than one level, a whole number of MiB.

    It is a prefix of what a larger limit gives, and at most a MiB for each file over the limit.
    """
    level = max(1, -(-_level([span.length for span in spans], limit) // MIB)) * MIB
    return tuple(replace(span, length=min(span.length, level)) for span in spans)


def total(spans: Sequence[Span]) -> int:
    """Bytes of all the spans."""
    return sum(span.length for span in spans)


def is_cut(span: Span) -> bool:
    """Whether the file goes on after the span."""
    return span.length < span.file.stat().st_size


def _level(lengths: Sequence[int], limit: int) -> int:
    """How high a volume of `limit` fills vessels of these heights: the short ones are full, the others level."""
    level = 0
    for filled, length in enumerate(sorted(lengths)):
        level = min(length, limit // (len(lengths) - filled))
        if level < length:
            break
        limit -= length
    return level
