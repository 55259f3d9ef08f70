"""What there is to say about a checkpoint in a few numbers: sizes, dtypes, alignment. Made or only planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from loadbench.checkpoints.checkpoint import Checkpoint
from loadbench.checkpoints.header import DTYPE_BITS, Header, TensorEntry, read_header
from loadbench.checkpoints.plan import CheckpointPlan
from loadbench.units import GIB, KIB, MIB

_LIMITS = (4 * KIB, 64 * KIB, MIB, 16 * MIB, 256 * MIB, GIB)
_LARGEST_ALIGNMENT = 4096


@dataclass(frozen=True)
class FileSummary:
    """A weight file. `alignment` is the largest power of two, at most 4096, that divides the data's offset."""

    name: str
    bytes: int
    tensors: int
    data_offset: int
    alignment: int


@dataclass(frozen=True)
class Share:
    """Some of the tensors: how many, and their bytes."""

    tensors: int
    bytes: int


@dataclass(frozen=True)
class SizeClass:
    """The tensors larger than the class before and at most `up_to_bytes`; None for no limit."""

    up_to_bytes: int | None
    tensors: int
    bytes: int


@dataclass(frozen=True)
class Summary:
    """A checkpoint in numbers. `misaligned_tensors` begin in their file at no multiple of their element's size.

    `path` is empty for a checkpoint that is only planned, `source` for one that loadbench did not make.
    """

    name: str
    path: str
    source: str
    files: tuple[FileSummary, ...]
    file_bytes: int
    payload_bytes: int
    tensors: int
    median_tensor_bytes: int
    misaligned_tensors: int
    dtypes: dict[str, Share]
    sizes: tuple[SizeClass, ...]


def summary_of(checkpoint: Checkpoint) -> Summary:
    """Sum up a checkpoint on disk."""
    headers = [(file.name, read_header(file)) for file in checkpoint.files]
    return _summary(checkpoint.name, str(checkpoint.path), checkpoint.source, headers)


def summary_of_plan(plan: CheckpointPlan) -> Summary:
    """Sum up a checkpoint that is not made."""
    headers = [(file.name, Header(file.tensors, len(file.header), file.bytes, {})) for file in plan.files]
    return _summary(plan.name, "", plan.source, headers)


def _summary(name: str, path: str, source: str, headers: list[tuple[str, Header]]) -> Summary:
    tensors = [tensor for _, header in headers for tensor in header.tensors]
    return Summary(
        name=name,
        path=path,
        source=source,
        files=tuple(_file_summary(file, header) for file, header in headers),
        file_bytes=sum(header.file_bytes for _, header in headers),
        payload_bytes=sum(tensor.bytes for tensor in tensors),
        tensors=len(tensors),
        median_tensor_bytes=int(median(tensor.bytes for tensor in tensors)) if tensors else 0,
        misaligned_tensors=sum(
            (header.data_offset + tensor.begin) % max(1, DTYPE_BITS[tensor.dtype] // 8) != 0
            for _, header in headers
            for tensor in header.tensors
        ),
        dtypes={
            dtype: Share(*_count(tensor for tensor in tensors if tensor.dtype == dtype))
            for dtype in sorted({tensor.dtype for tensor in tensors})
        },
        sizes=_size_classes(tensors),
    )


def _file_summary(name: str, header: Header) -> FileSummary:
    offset = header.data_offset
    return FileSummary(name, header.file_bytes, len(header.tensors), offset, min(offset & -offset, _LARGEST_ALIGNMENT))


def _count(tensors: Iterable[TensorEntry]) -> tuple[int, int]:
    sizes = [tensor.bytes for tensor in tensors]
    return len(sizes), sum(sizes)


def _size_classes(tensors: list[TensorEntry]) -> tuple[SizeClass, ...]:
    lower = (-1, *_LIMITS)
    upper: tuple[int | None, ...] = (*_LIMITS, None)
    classes = (
        SizeClass(high, *_count(t for t in tensors if t.bytes > low and (high is None or t.bytes <= high)))
        for low, high in zip(lower, upper, strict=True)
    )
    return tuple(entry for entry in classes if entry.tensors)
