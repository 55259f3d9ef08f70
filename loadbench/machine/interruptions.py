"""Ctrl-C and SIGTERM, held back while a process is started or ended."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C: a process that is half started, or half ended, could not be found again.

    What is started meanwhile holds it back too, so that it does not die of a Ctrl-C at the terminal by itself.
    That is the mask's work; it cannot keep the signal from this process, where any other thread would take it
    (SciPy's and rich's do) and Python would then run the handler in the main thread all the same.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    came: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: came.append(number)) for number in numbers}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
