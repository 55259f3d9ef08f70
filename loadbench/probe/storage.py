"""The storage's ceiling: reads of the files past the page cache, with the proof that they came from storage."""

import errno
import time

from loadbench.machine.kernel import fields_of
from loadbench.machine.residency import MEMORY_FILE_SYSTEMS
from loadbench.machine.storage import describe_storage
from loadbench.probe.reading import Reader
from loadbench.probe.sample import Span, shorten, total, whole
from loadbench.probe.search import Search, Settings
from loadbench.probe.settings import largest, read_settings, read_with, thread_counts
from loadbench.probe.stage import MissingError, Probed, Tally, Task
from loadbench.units import MIB, NS, human_size

THREADS = 16
"""Readers at most, on a machine of few CPUs: enough to keep a queue of requests at the device."""
BLOCKS = (MIB, 4 * MIB, 16 * MIB)
SHORT = 512 * MIB
"""Bytes of a short measurement."""
FIRST_TOUCH = 64 * MIB
FIRST_TOUCH_S = 2.0
"""How much is touched at first, and when it is enough: what was reached after this time is the sample."""

_FROM_STORAGE = 0.98
"""Share of the bytes that the kernel must have counted as read from storage."""


def planned_bytes(task: Task) -> int:
    """About the bytes that `measure_storage` is going to read. Raises OSError where a file cannot be looked at."""
    spans = shorten(whole(task.files), task.limit)
    return 2 * total(spans) + _search(task, spans).planned_bytes


def measure_storage(task: Task, tally: Tally) -> Probed:
    """The ceiling for each number of threads and size of block. Raises `MissingError` where there is none."""
    file_systems = sorted({describe_storage(file).file_system for file in task.files})
    if memory := [name for name in file_systems if name in MEMORY_FILE_SYSTEMS]:
        raise MissingError(f"the files are on {' and '.join(memory)}, which keeps them in memory")
    try:
        spans = shorten(whole(task.files), task.limit)
        settings = _search(task, spans).settings
        reader = Reader(largest(settings), direct=True)
        before = _bytes_from_storage()
        spans, touched = _first_touch(reader, settings[-1], spans, tally)
        search, short = _search(task, spans), shorten(spans, SHORT)
        tally.plan("storage", touched + search.planned_bytes)
        found = search.run(lambda setting, shortly: read_with(reader, short if shortly else spans, setting), tally)
        after = _bytes_from_storage()
    except OSError as error:
        raise MissingError(_why_not(error, file_systems)) from error
    moved = touched + search.planned_bytes
    if before is not None and after is not None and after - before < _FROM_STORAGE * moved:
        raise MissingError(
            f"the kernel counted {human_size(after - before)} of {human_size(moved)} as read from storage: the files"
            f" have holes, or {' and '.join(file_systems)} serves O_DIRECT from a cache"
        )
    return found


def _search(task: Task, spans: tuple[Span, ...]) -> Search:
    settings = read_settings(thread_counts(THREADS), BLOCKS)
    return Search("storage", task.checkpoint, settings, total(spans), total(shorten(spans, SHORT)))


def _first_touch(
    reader: Reader, setting: Settings, spans: tuple[Span, ...], tally: Tally
) -> tuple[tuple[Span, ...], int]:
    """Read what is going to be measured, and leave out the rest where that takes long. Returns the bytes read, too.

    This is not measured. A hypervisor, a network volume or the drive itself may have a cache below this machine's,
    which nothing here can empty: the very first read of a file can take several times as long as all that follow.
    """
    read, size = 0, FIRST_TOUCH
    deadline = time.perf_counter_ns() + FIRST_TOUCH_S * NS
    while True:
        part = shorten(spans, size)
        read_with(reader, part, setting)
        read += total(part)
        tally.moved("storage", total(part))
        if part == spans or time.perf_counter_ns() > deadline:
            return part, read
        size *= 2


def _bytes_from_storage() -> int | None:
    """What storage has delivered to this process so far; None where the kernel does not count it."""
    return fields_of("/proc/self/io").get("read_bytes")


def _why_not(error: OSError, file_systems: list[str]) -> str:
    where = error.filename or "the files"
    if error.errno == errno.EINVAL:
        return f"{' and '.join(file_systems)} refuses O_DIRECT for {where}"
    return f"{where} cannot be read: {error.strerror}"
