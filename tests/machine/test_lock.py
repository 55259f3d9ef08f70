import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from loadbench.errors import InternalError
from loadbench.machine.lock import holder, measuring

PROGRAM = """
import signal, sys
from loadbench.errors import Interrupted
from loadbench.machine.lock import measuring

def interrupt(number, frame):
    raise Interrupted

signal.signal(signal.SIGINT, interrupt)
signal.signal(signal.SIGTERM, interrupt)

def say(text):
    print(text, flush=True)

try:
    with measuring(sys.argv[1], say):
        say("measuring")
        sys.stdin.readline()
    say("ended")
except Interrupted:
    say("interrupted")
"""

ZYGOTE = """
import multiprocessing, os, sys, time

def child(pipe):
    links = []
    for entry in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{entry}"))
        except OSError:
            pass
    pipe.send((os.getpid(), links))
    time.sleep(60)

if __name__ == "__main__":
    from loadbench.machine.lock import lock_path, measuring
    with measuring("a sweep", print):
        context = multiprocessing.get_context("forkserver")
        here, there = context.Pipe()
        context.Process(target=child, args=(there,)).start()
        pid, links = here.recv()
        print(pid, str(lock_path()) in links, flush=True)
        time.sleep(60)
"""


@dataclass(frozen=True)
class Benchmark:
    """A process that wants to measure. It ends when it is sent a line."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def says(self) -> str:
        return _line(self.process.stdout)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.says() == "ended"
        self.process.wait()


def _line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().rstrip("\n")


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lock"
    monkeypatch.setenv("LOADBENCH_LOCK", str(path))
    return path


@pytest.fixture
def start() -> Iterator[Callable[[str], Benchmark]]:
    started = []

    def start(what: str) -> Benchmark:
        command = [sys.executable, "-c", PROGRAM, what]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return Benchmark(process)

    yield start
    for process in started:
        process.kill()
        process.communicate()


def unwanted(text: str) -> None:
    pytest.fail(f"nobody else measures, but: {text}")


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_blocked(benchmark: Benchmark) -> bool:
    """Whether the process sits inside flock(2), as the kernel's list of locks says."""
    return any(f" {benchmark.pid} " in line for line in Path("/proc/locks").read_text().splitlines() if "->" in line)


def test_the_second_waits_until_the_first_ends_and_is_told_once_who_that_is(start: Callable[[str], Benchmark]) -> None:
    first = start("loadbench sweep gpt2 --cache cold")
    assert first.says() == "measuring"
    second = start("loadbench sweep other")
    told = second.says()
    assert told.startswith(
        f"waiting for another benchmark on this machine to end: pid {first.pid}, since {time.gmtime().tm_year}-"
    )
    assert told.endswith(" UTC: loadbench sweep gpt2 --cache cold")
    wait_until(lambda: is_blocked(second))
    assert f"pid {first.pid}," in (holder() or "")
    first.end()
    assert second.says() == "measuring", "told once only, then it goes on"
    assert f"pid {second.pid}," in (holder() or "")
    second.end()
    assert holder() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_waiting_ends_at_once_when_it_is_interrupted(number: int, start: Callable[[str], Benchmark]) -> None:
    first = start("first")
    assert first.says() == "measuring"
    second = start("second")
    assert second.says().startswith("waiting")
    wait_until(lambda: is_blocked(second))
    second.process.send_signal(number)
    assert second.says() == "interrupted"
    assert second.process.wait() == 0
    assert f"pid {first.pid}," in (holder() or ""), "the first has kept its lock"
    first.process.send_signal(number)
    assert first.says() == "interrupted"
    assert holder() is None


def test_a_killed_holder_frees_the_lock_and_its_name_is_never_shown_again(
    start: Callable[[str], Benchmark], path: Path
) -> None:
    first = start("first")
    assert first.says() == "measuring"
    first.process.kill()
    first.process.wait()
    assert str(first.pid) in path.read_text(), "it had no time to tidy up"
    assert holder() is None
    # Somebody who cannot write the file holds the lock: the dead one's name still stands there.
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert holder() == "a process that left no name, or none that can be checked from here"
    second = start("second")
    assert "left no name" in second.says()
    os.close(descriptor)
    assert second.says() == "measuring"
    assert str(first.pid) not in path.read_text()
    second.end()


def test_a_name_from_another_pid_namespace_is_not_taken_for_one_of_ours(path: Path) -> None:
    with measuring("me", unwanted):
        known = json.loads(path.read_text())
        assert (known["pid"], known["what"]) == (os.getpid(), "me")
        path.write_text(json.dumps(known | {"namespace": "pid:[1]"}))
        assert "left no name" in (holder() or "")


def test_measuring_inside_measuring_is_a_bug_and_does_not_hang() -> None:
    with measuring("outer", unwanted), pytest.raises(InternalError), measuring("inner", unwanted):
        pytest.fail("two at once")
    assert holder() is None


def test_the_lock_is_free_after_an_error() -> None:
    with pytest.raises(ValueError, match="x"), measuring("a", unwanted):
        raise ValueError("x")
    with measuring("b", unwanted):
        pass


def test_the_zygote_s_children_do_not_keep_the_lock_when_the_sweep_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(ZYGOTE)
    parent = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    try:
        pid, inherited = _line(parent.stdout).split()
        assert f"pid {parent.pid}," in (holder() or "")
    finally:
        parent.kill()
        parent.wait()
    try:
        assert inherited == "False"
        os.kill(int(pid), 0)
        assert holder() is None, "the trial still lives"
    finally:
        os.kill(int(pid), signal.SIGKILL)
        parent.communicate()


def test_a_plain_fork_does_not_keep_the_lock_after_the_end() -> None:
    reader, writer = os.pipe()
    with measuring("parent", unwanted):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads
            child = os.fork()
        if child == 0:
            os.read(reader, 1)
            os._exit(0)
    assert holder() is None
    os.write(writer, b"x")
    os.waitpid(child, 0)
    os.close(reader)
    os.close(writer)


def test_a_file_removed_while_somebody_waits_locks_nothing(start: Callable[[str], Benchmark], path: Path) -> None:
    first = start("first")
    assert first.says() == "measuring"
    second = start("second")
    assert second.says().startswith("waiting")
    wait_until(lambda: is_blocked(second))
    path.unlink()
    third = start("third")
    assert third.says() == "measuring", "nothing can be done about a removed file"
    first.end()
    wait_until(lambda: is_blocked(second))
    third.end()
    assert second.says() == "measuring", "told once only"
    second.end()


def test_many_at_once_are_never_inside_together(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\n"
        "from loadbench.machine.lock import measuring\n"
        "with measuring('x', lambda _: None), open(sys.argv[1], 'a', buffering=1) as log:\n"
        "    print('in', file=log); time.sleep(0.005); print('out', file=log)\n"
    )
    log = tmp_path / "log"
    started = [subprocess.Popen([sys.executable, "-c", program, str(log)]) for _ in range(6)]
    assert [process.wait() for process in started] == [0] * 6
    assert log.read_text().split() == ["in", "out"] * 6
