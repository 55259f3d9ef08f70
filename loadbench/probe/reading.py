"""The engine: threads that read the blocks of files, each into its own small buffer, under one clock.

A reused buffer stays in the processor's cache and in huge pages, so the figure is of the reading and not
of memory. preadv releases the GIL: between two blocks Python runs some microseconds.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

from loadbench.errors import InternalError
from loadbench.loaders.buffers import ALIGNMENT, huge_buffer
from loadbench.probe.sample import Span, total
from loadbench.probe.stage import MissingError

Sink = Callable[[Path, int, memoryview], None]
"""Takes a file, an offset in it and the bytes read there. Called by many threads at once, inside the clock."""


class Reader:
    """Reads spans, again and again. It has memory for the largest setting that it is made for."""

    def __init__(self, memory: int, *, direct: bool, sink: Sink | None = None):
        self._buffer = memoryview(huge_buffer(memory))
        self._direct = direct
        self._sink = sink

    def read(self, spans: Sequence[Span], threads: int, block: int) -> int:
        """Read every byte of the spans once. ns from the first thread's start to the last one's end.

        Raises OSError where the files cannot be read so, `MissingError` where one has become shorter.
        """
        if threads * block > len(self._buffer):
            raise InternalError(f"{threads} threads with blocks of {block} bytes do not fit into the reader's memory")
        with _opened(spans, self._direct) as opened:
            blocks = deque(
                (span.file, opened[span.file], offset, min(block, span.length - offset))
                for span in spans
                for offset in range(0, span.length, block)
            )
            start = Barrier(threads)

            def work(index: int) -> tuple[int, int, int]:
                view = self._buffer[index * block : (index + 1) * block]
                size = 0
                start.wait()
                began = time.perf_counter_ns()
                while True:
                    try:
                        file, descriptor, offset, length = blocks.popleft()  # atomic, so no block is read twice
                    except IndexError:
                        return began, time.perf_counter_ns(), size
                    got = self._read_block(descriptor, view, offset, length)
                    size += got
                    if self._sink:
                        self._sink(file, offset, view[:got])

            with ThreadPoolExecutor(threads) as pool:
                shares = list(pool.map(work, range(threads)))
        if (size := sum(share[2] for share in shares)) != total(spans):
            raise MissingError(f"{total(spans)} bytes were to be read and {size} came: a file has become shorter")
        return max(share[1] for share in shares) - min(share[0] for share in shares)

    def _read_block(self, descriptor: int, view: memoryview, offset: int, length: int) -> int:
        """Bytes read of a block. O_DIRECT wants whole logical blocks, so that it asks past the end of a file."""
        wanted = -(-length // ALIGNMENT) * ALIGNMENT if self._direct else length
        done = 0
        while done < length:
            got = os.preadv(descriptor, [view[done:wanted]], offset + done)
            done += got
            # A direct read that ends inside a block has met the end of the file and cannot go on from there.
            if got == 0 or (self._direct and got % ALIGNMENT):
                break
        return min(done, length)


@contextmanager
def _opened(spans: Sequence[Span], direct: bool) -> Iterator[dict[Path, int]]:
    opened: dict[Path, int] = {}
    flags = os.O_RDONLY | os.O_CLOEXEC | (os.O_DIRECT if direct else 0)
    try:
        for span in spans:
            if span.file not in opened:
                opened[span.file] = os.open(span.file, flags)
        yield opened
    finally:
        for descriptor in opened.values():
            os.close(descriptor)
