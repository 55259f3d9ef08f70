"""What a trial's process is charged with: its own doing and that of every process it started, and nobody else's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadbench.machine.pagecache import evict
from loadbench.machine.storage import describe_storage
from loadbench.trial.counters import after_the_clock, before_the_clock, descendants_now, difference
from loadbench.units import MIB

SIZE = 8 * MIB
READ = """
import sys, time
with open(sys.argv[1], "rb", buffering=0) as file:
    while file.read(1 << 20):
        pass
while time.process_time() < 0.2:
    pass
print(flush=True)
"""
STAY = READ + "sys.stdin.read()"
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
child.stdout.readline()
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nobody has read yet."""
    if describe_storage(tmp_path).device is None:
        pytest.skip("the test directory is on no block device: nothing is counted there")
    path = tmp_path / "data"
    path.write_bytes(b"x" * SIZE)
    evict([path], "fadvise")
    return path


@contextmanager
def started(program: str, *arguments: str) -> Iterator[None]:
    """A process that has done its work and lives on."""
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield


@pytest.mark.parametrize("arguments", [[STAY], [PARENT, STAY]], ids=["child", "grandchild"])
def test_the_living_are_counted(file: Path, arguments: list[str]) -> None:
    before = before_the_clock()
    with started(*arguments, str(file)):
        after = after_the_clock()
    counted = difference(before, after)
    assert counted.storage_read_bytes is not None
    assert counted.read_call_bytes is not None
    assert SIZE <= counted.storage_read_bytes < 8 * SIZE
    assert SIZE <= counted.read_call_bytes < 8 * SIZE
    assert counted.children_cpu_ns >= 150_000_000
    assert counted.user_ns < 150_000_000


def test_the_dead_are_counted_once(file: Path) -> None:
    before = before_the_clock()
    subprocess.run([sys.executable, "-c", READ, str(file)], check=True, stdout=subprocess.DEVNULL)
    counted = difference(before, after_the_clock())
    assert SIZE <= (counted.storage_read_bytes or 0) < 2 * SIZE
    assert 150_000_000 <= counted.children_cpu_ns < 2_000_000_000


def test_what_a_child_did_before_the_clock_is_not_counted_when_it_ends_inside(file: Path) -> None:
    with started(STAY, str(file)):
        before = before_the_clock()
    counted = difference(before, after_the_clock())
    assert (counted.storage_read_bytes or 0) < SIZE // 2
    assert counted.children_cpu_ns < 150_000_000


def test_nothing_is_below_zero_when_a_child_is_lost(file: Path) -> None:
    """A daemon's child belongs to nobody once the daemon is gone, and what it read with it."""
    orphan = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', *sys.argv[1:]], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nprint(flush=True)\nsys.stdin.read()\nos._exit(0)\n"
    )
    program = READ + "import time; time.sleep(2)"
    with started(orphan, program, str(file)):
        before = before_the_clock()
    counted = difference(before, after_the_clock())
    assert counted.storage_read_bytes == 0


def test_descendants_are_found_while_they_live() -> None:
    nobody = descendants_now()
    with started(STAY, "/dev/null"):
        assert len(descendants_now().io) == len(nobody.io) + 1
    assert len(descendants_now().io) == len(nobody.io)
