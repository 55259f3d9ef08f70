"""Where trial processes come from: a zygote with torch imported, or a new interpreter each time.

The zygote is multiprocessing's forkserver, which imports `loadbench.trial.zygote` and does nothing else: it
makes no CUDA context, which a fork could not use, and touches no loader library.
"""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, SpawnContext

from loadbench.records import Isolation

PRELOAD = ["loadbench.trial.zygote"]

Context = ForkServerContext | SpawnContext


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


def start_zygote(isolation: Isolation) -> None:
    """Let the zygote import torch while something else is done. Not needed, only faster."""
    if isolation == "fork":
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOAD)
        with uninterrupted():
            forkserver.ensure_running()


def process_context(isolation: Isolation) -> Context:
    """The source of trial processes. For fork, the zygote is warm when this returns."""
    if isolation == "spawn":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    # The first process waits for the zygote's imports; let that not be a trial.
    first = context.Process(target=_nothing)
    with uninterrupted():
        first.start()
    first.join()
    return context


def _nothing() -> None:
    pass
