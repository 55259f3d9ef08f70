import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadbench.probe.stage import LIMIT, Tally, Task
from tests.machine.conftest import disk as disk


@pytest.fixture
def memory_file() -> Iterator[Path]:
    """A file in memory."""
    file = Path("/dev/shm") / f"loadbench-test-{os.getpid()}"
    if not os.access(file.parent, os.W_OK):
        pytest.skip("no /dev/shm")
    file.write_bytes(os.urandom(1000003))
    yield file
    file.unlink()


@pytest.fixture
def tally() -> Tally:
    """Nobody looks at the progress."""
    return Tally(lambda _done, _total: None)


def task(*files: Path, limit: int = LIMIT) -> Task:
    """The task to probe these files."""
    return Task(files, "some", (), limit)


def written(path: Path, size: int) -> Path:
    """A file of random bytes, on its medium."""
    with path.open("wb") as stream:
        stream.write(os.urandom(size))
        os.fsync(stream.fileno())
    return path
