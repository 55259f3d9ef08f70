"""The page cache's ceiling: reads of files that are in it, which is checked before and after."""

import os
from collections.abc import Sequence

from loadbench.errors import LoadbenchError
from loadbench.machine.pagecache import make_warm
from loadbench.machine.residency import WARM_PERCENT, mincore_pages, mincore_trusted, residency
from loadbench.probe.reading import Reader
from loadbench.probe.sample import Span, is_cut, shorten, total, whole
from loadbench.probe.search import Search
from loadbench.probe.settings import largest, read_settings, read_with, thread_counts
from loadbench.probe.stage import MissingError, Probed, Tally, Task
from loadbench.units import MIB, human_size

THREADS = 4
"""Readers at most, on a machine of few CPUs: a read of cached pages is work for a CPU."""
BLOCKS = (MIB, 4 * MIB)
SHORT = 512 * MIB
"""Bytes of a short measurement."""


def planned_bytes(task: Task) -> int:
    """The bytes that `measure_page_cache` is going to read. Raises OSError where a file cannot be looked at."""
    return _search(task, shorten(whole(task.files), task.limit)).planned_bytes


def measure_page_cache(task: Task, tally: Tally) -> Probed:
    """The ceiling for each number of threads and size of block. Raises `MissingError` where there is none."""
    try:
        spans = shorten(whole(task.files), task.limit)
        short, search = shorten(spans, SHORT), _search(task, spans)
        reader = Reader(largest(search.settings), direct=False)
        _warm(spans, reader)
        _check(spans, "before")
        found = search.run(lambda setting, shortly: read_with(reader, short if shortly else spans, setting), tally)
        _check(spans, "after")
    except OSError as error:
        raise MissingError(f"{error.filename or 'the files'} cannot be read: {error.strerror}") from error
    except LoadbenchError as error:
        raise MissingError(str(error).rstrip(".")) from error
    return found


def _search(task: Task, spans: tuple[Span, ...]) -> Search:
    settings = read_settings(thread_counts(THREADS), BLOCKS)
    return Search("page cache", task.checkpoint, settings, total(spans), total(shorten(spans, SHORT)))


def _warm(spans: Sequence[Span], reader: Reader) -> None:
    """Bring the spans into the page cache; of files that are not read whole, nothing but them."""
    if any(map(is_cut, spans)):
        reader.read(spans, threads=1, block=MIB)
    else:
        make_warm([span.file for span in spans])


def _check(spans: Sequence[Span], when: str) -> None:
    """Raise `MissingError` unless at least 98 % of the spans are in the page cache."""
    resident = [_resident(span) for span in spans]
    if None in resident:
        state = residency([span.file for span in spans])
        reason = state.method.removeprefix("none: ") if state.state == "unknown" else "the files belong to another user"
        raise MissingError(f"whether the files are in the page cache cannot be told ({reason})")
    size = sum(count for count in resident if count is not None)
    if size * 100 < total(spans) * WARM_PERCENT:
        raise MissingError(
            f"{human_size(size)} of {human_size(total(spans))} were in the page cache {when} the reads: something"
            " needs the memory or evicts the files"
        )


def _resident(span: Span) -> int | None:
    """Bytes of the span in the page cache; None where it cannot be told."""
    state = residency([span.file])
    if state.resident_bytes is None or span.length == state.total_bytes:
        return state.resident_bytes
    if not mincore_trusted(span.file):
        return None
    descriptor = os.open(span.file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pages = mincore_pages(descriptor, 0, span.length)
    finally:
        os.close(descriptor)
    return min(span.length, pages * os.sysconf("SC_PAGE_SIZE"))
