"""An interruption waits until the process that measures is wholly started or wholly ended."""

import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess

import pytest

from loadbench.errors import Interrupted
from loadbench.machine.processes import start_ticks
from loadbench.probe.child import messages_of, own_the_process

NUMBERS = (signal.SIGINT, signal.SIGTERM)
wholly: list[str] = []
pids: list[int] = []


class StruckProcess(SpawnProcess):
    """Both signals come in the middle of its start, and again in the middle of its end."""

    def start(self) -> None:
        super().start()
        pids.append(self.pid or 0)
        strike()
        wholly.append("started")

    def join(self, timeout: float | None = None) -> None:
        strike()
        super().join(timeout)
        wholly.append("ended")


class StruckContext(SpawnContext):
    Process = StruckProcess


def strike() -> None:
    for number in NUMBERS:
        os.kill(os.getpid(), number)
        subprocess.run(["true"], check=True)  # time, and a system call, for the signal to arrive


def interrupt(_number: int, _frame: object) -> None:
    raise Interrupted


def measures(channel: Connection) -> None:
    own_the_process()
    channel.send("measured")
    signal.pause()


@pytest.fixture
def another_thread() -> Iterator[None]:
    """It takes the signals that the main thread blocks, as the thread of a progress bar would."""
    before = {number: signal.signal(number, interrupt) for number in NUMBERS}
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    yield
    end.set()
    thread.join()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("another_thread")
def test_interruptions_do_not_break_into_the_start_or_the_end() -> None:
    with pytest.raises(Interrupted), closing(messages_of(StruckContext(), measures)) as messages:
        next(messages)
    assert wholly == ["started", "ended"]
    assert start_ticks(pids[0]) is None
    assert multiprocessing.active_children() == []
