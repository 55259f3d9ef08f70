"""An interruption waits until a process is wholly started or wholly ended."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from loadbench.errors import Interrupted
from loadbench.machine.interruptions import uninterrupted


def interrupt(_number: int, _frame: object) -> None:
    raise Interrupted


@pytest.fixture(autouse=True, params=[signal.SIGINT, signal.SIGTERM])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    number = signal.Signals(request.param)
    before = signal.signal(number, interrupt)
    yield number
    signal.signal(number, before)


@pytest.fixture(params=["alone", "with another thread"])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """A signal that the main thread blocks goes to any other thread, and Python runs its handler all the same."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    if request.param != "alone":
        thread.start()
    yield
    end.set()
    if thread.ident:
        thread.join()


@pytest.mark.usefixtures("threads")
def test_an_interruption_waits_for_the_end(number: signal.Signals) -> None:
    finished = False
    with pytest.raises(Interrupted), uninterrupted():  # noqa: PT012 - that it does not raise inside is the test
        os.kill(os.getpid(), number)
        subprocess.run(["true"], check=True)  # time, and a system call, for the signal to arrive
        finished = True
    assert finished
    assert signal.getsignal(number) is interrupt
    assert number not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.usefixtures("threads")
def test_two_interruptions_are_one(number: signal.Signals) -> None:
    with pytest.raises(Interrupted), uninterrupted():  # noqa: PT012
        for _ in range(2):
            os.kill(os.getpid(), number)
            subprocess.run(["true"], check=True)


def test_what_is_started_holds_it_back_too(number: signal.Signals) -> None:
    blocked = "import signal; print(*(int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
    with uninterrupted():
        child = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=True)
    assert str(int(number)) in child.stdout.split()
