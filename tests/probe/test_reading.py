import os
from collections import Counter
from pathlib import Path

import pytest

from loadbench.errors import InternalError
from loadbench.loaders.buffers import ALIGNMENT
from loadbench.probe.reading import Reader
from loadbench.probe.sample import Span, whole
from loadbench.probe.stage import MissingError
from loadbench.units import MIB
from tests.probe.conftest import written

SIZES = (1, ALIGNMENT - 1, ALIGNMENT, ALIGNMENT + 1, 3 * MIB, 5 * MIB + 777)


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "buffered"])
@pytest.mark.parametrize("threads", [1, 3, 16])
@pytest.mark.parametrize("block", [ALIGNMENT, MIB, 4 * MIB])
def test_every_byte_is_read_once_and_is_right(disk: Path, direct: bool, threads: int, block: int) -> None:
    files = {size: written(disk / str(size), size) for size in SIZES}
    pieces: dict[Path, dict[int, bytes]] = {file: {} for file in files.values()}
    seen: Counter[tuple[Path, int]] = Counter()

    def keep(file: Path, offset: int, content: memoryview) -> None:
        seen[file, offset] += 1
        pieces[file][offset] = bytes(content)

    reader = Reader(threads * block, direct=direct, sink=keep)
    assert reader.read(whole(list(files.values())), threads, block) > 0
    assert set(seen.values()) == {1}
    for file in files.values():
        assert b"".join(content for _, content in sorted(pieces[file].items())) == file.read_bytes()


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "buffered"])
def test_a_span_ends_where_it_says(disk: Path, direct: bool) -> None:
    file = written(disk / "a", 5 * MIB)
    read: list[tuple[int, int]] = []
    reader = Reader(4 * MIB, direct=direct, sink=lambda _, offset, content: read.append((offset, len(content))))
    reader.read([Span(file, 3 * MIB + 5)], 1, 2 * MIB)  # five bytes into a block of the file, as if it had grown
    assert read == [(0, 2 * MIB), (2 * MIB, MIB + 5)]


def test_direct_reads_leave_the_page_cache_alone(disk: Path) -> None:
    from loadbench.machine.pagecache import evict
    from loadbench.machine.residency import residency

    file = written(disk / "a", 2 * MIB + 5)
    evict([file], "fadvise")
    Reader(MIB, direct=True).read(whole([file]), 1, MIB)
    assert residency([file]).state == "cold"
    Reader(MIB, direct=False).read(whole([file]), 1, MIB)
    assert residency([file]).state == "warm"


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "buffered"])
@pytest.mark.parametrize("left", [0, MIB, MIB + 5])
def test_a_file_that_became_shorter_is_no_figure(disk: Path, direct: bool, left: int) -> None:
    file = written(disk / "a", 2 * MIB)
    spans = whole([file])
    os.truncate(file, left)
    with pytest.raises(MissingError, match=f"2097152 bytes were to be read and {left} came"):
        Reader(MIB, direct=direct).read(spans, 1, MIB)


def test_no_descriptor_is_left(disk: Path) -> None:
    files = [written(disk / str(index), 10) for index in range(3)]
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    Reader(MIB, direct=False).read(whole(files), 1, MIB)
    with pytest.raises(FileNotFoundError):
        Reader(MIB, direct=False).read([*whole(files), Span(disk / "gone", 1)], 1, MIB)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


def test_a_setting_larger_than_the_reader_is_a_mistake_and_not_a_figure(disk: Path) -> None:
    with pytest.raises(InternalError, match="2 threads"):
        Reader(MIB, direct=False).read(whole([written(disk / "a", 10)]), 2, MIB)
