"""The memory's ceiling: a copy from memory to memory, both sides faulted in."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from loadbench.loaders.buffers import huge_buffer
from loadbench.machine.memory import available_bytes
from loadbench.probe.sample import total, whole
from loadbench.probe.search import Search, Settings
from loadbench.probe.settings import number, thread_counts
from loadbench.probe.stage import MissingError, Probed, Tally, Task
from loadbench.units import GIB, MIB

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int], np.dtype[np.uint8]]

MOST = GIB
SHORT = 256 * MIB
"""Bytes of a short measurement."""


def planned_bytes(task: Task) -> int:
    """The bytes that `measure_memory` is going to copy. Raises OSError where a file cannot be looked at."""
    return _search(task).planned_bytes


def measure_memory(task: Task, tally: Tally) -> Probed:
    """The ceiling for each number of threads, with as many bytes as the files have or as fit comfortably."""
    try:
        search = _search(task)
        source, destination = array(search.size), array(search.size)
    except OSError as error:
        where = f"{error.filename} cannot be read" if error.filename else "there is no memory to copy in"
        raise MissingError(f"{where}: {error.strerror}") from error

    def measure(setting: Settings, shortly: bool) -> int:
        size = search.short_size if shortly else search.size
        return copy(source[:size], destination[:size], number(setting, "threads"))

    return search.run(measure, tally)


def copied_bytes(task: Task) -> int:
    """Bytes of one copy: those of the files, but no more than a quarter of what memory is left."""
    return max(1, min(total(whole(task.files)), task.limit, MOST, available_bytes() // 4))


def _search(task: Task) -> Search:
    size = copied_bytes(task)
    settings = [{"threads": count} for count in thread_counts(1)]
    return Search("memory", task.checkpoint, settings, size, min(size, SHORT))


def array(size: int) -> Array:
    """So many bytes, faulted in."""
    import numpy as np

    return np.frombuffer(huge_buffer(size), np.uint8)[:size]


def copy(source: Array, destination: Array, threads: int) -> int:
    """Copy all of it, each thread a part of its own, ns. numpy releases the GIL while it copies."""
    import numpy as np

    start = Barrier(threads)
    bounds = [len(source) * index // threads for index in range(threads + 1)]

    def work(index: int) -> tuple[int, int]:
        part = slice(bounds[index], bounds[index + 1])
        start.wait()
        began = time.perf_counter_ns()
        np.copyto(destination[part], source[part])
        return began, time.perf_counter_ns()

    with ThreadPoolExecutor(threads) as pool:
        times = list(pool.map(work, range(threads)))
    return max(end for _, end in times) - min(began for began, _ in times)
