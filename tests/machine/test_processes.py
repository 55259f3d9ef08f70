import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loadbench.errors import InternalError
from loadbench.machine.processes import kill_tree, mapped_by, parse_stat, start_ticks

# Each starts processes, prints their pids, a line each, and waits. SIGTERM is ignored.
PREAMBLE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def child(function):
    pid = os.fork()
    if pid == 0:
        function()
        os._exit(0)
    return pid
def wait():
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(60)
"""
FAMILY = "child(lambda: (child(lambda: (os.setsid(), wait())), wait())); child(wait); wait()"
ORPHANS = "child(lambda: child(wait) and wait()); time.sleep(0.2); os._exit(0)"
FORKING = """
def descend():
    for _ in range(60):
        if os.fork():
            time.sleep(60)
            os._exit(0)
        os.setsid()
        os.write(1, f"{os.getpid()}\\n".encode())
        time.sleep(0.1)
    time.sleep(60)
descend()
"""


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    started = []

    def start_program(program: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + program], stdout=subprocess.PIPE, start_new_session=True
        )
        started.append(process)
        return process

    yield start_program
    for process in started:
        kill_tree(process.pid)
        process.communicate()


def pids(process: subprocess.Popen[bytes], count: int) -> list[int]:
    assert process.stdout is not None
    return [int(process.stdout.readline()) for _ in range(count)]


def test_nothing_of_a_tree_is_left(start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    process = start(FAMILY)
    family = pids(process, 4)
    assert process.pid in family
    assert all(start_ticks(pid) for pid in family)
    assert kill_tree(process.pid) == ()
    assert [pid for pid in family if start_ticks(pid)] == []


def test_a_session_is_killed_after_its_leader_has_died(start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    process = start(ORPHANS)
    orphans = pids(process, 2)
    process.wait()
    assert all(start_ticks(pid) for pid in orphans)
    assert kill_tree(process.pid) == ()
    assert [pid for pid in orphans if start_ticks(pid)] == []


def test_a_tree_that_keeps_forking_away_is_caught(start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    process = start(FORKING)
    pids(process, 3)
    assert kill_tree(process.pid) == ()
    # The pipe ends only with its last holder: while one lives, reading raises BlockingIOError here.
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    generations = 0
    while answer := os.read(process.stdout.fileno(), 4096):
        generations += answer.count(b"\n")
    assert generations < 30, "it was not stopped before it was killed"


def test_a_stopped_process_is_killed_too(start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    process = start("wait()")
    pids(process, 1)
    os.kill(process.pid, 19)
    assert kill_tree(process.pid) == ()
    assert process.wait() == -9


def test_a_process_that_is_gone_is_no_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    process.wait()
    assert kill_tree(process.pid) == ()


OURS = {
    "0": lambda: 0,
    "init": lambda: 1,
    "everybody": lambda: -1,
    "self": os.getpid,
    "parent": os.getppid,
    "session": lambda: os.getsid(0),
    "group": os.getpgrp,
}


@pytest.mark.parametrize("which", OURS)
def test_our_own_processes_are_refused(which: str) -> None:
    pid = OURS[which]()
    with pytest.raises(InternalError, match="refusing to kill"):
        kill_tree(pid)


def test_a_process_name_may_hold_anything() -> None:
    line = "42 (a) (b c) S 1 40 39 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 2 3"
    process = parse_stat(line)
    assert (process.name, process.state, process.parent, process.group, process.session) == ("a) (b c", "S", 1, 40, 39)
    assert process.start_ticks == 98765


def test_the_start_time_names_a_process() -> None:
    assert start_ticks(os.getpid()) == start_ticks(os.getpid())
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = start_ticks(process.pid)
    assert started is not None
    assert abs(started / os.sysconf("SC_CLK_TCK") - time.clock_gettime(time.CLOCK_BOOTTIME)) < 60
    process.communicate(b"\n")
    assert start_ticks(process.pid) is None


def test_who_maps_a_file_is_found(disk: Path, mapper: Callable[[Path], int]) -> None:
    file = disk / "with space.bin"
    file.write_bytes(b"x" * 10000)
    assert mapped_by(file) == []
    pid = mapper(file)
    (found,) = mapped_by(file)
    assert found.endswith(f"(pid {pid})")
    (disk / "link").symlink_to(file)
    assert mapped_by(disk / "link") == [found]
