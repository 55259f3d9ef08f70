"""A process of its own for what is measured: the caller imports no numpy and no torch, and can always end it."""

import ctypes
import os
import signal
from collections.abc import Callable, Generator
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any

from loadbench.machine.interruptions import uninterrupted
from loadbench.machine.processes import kill_tree

Context = ForkServerContext | SpawnContext

_PR_SET_PDEATHSIG = 1
_GOODBYE_S = 10.0
"""How long a process that has said everything may take to end by itself before it is killed."""


def messages_of(context: Context, main: Callable[..., None], *arguments: Any) -> Generator[object, None, None]:
    """Run `main(channel, *arguments)` in a new process and yield what it sends, until it closes the channel.

    Raises ChildProcessError, with how it ended, where it did not end by itself and well. However the iteration
    ends, no process of it is left: close the iterator (`contextlib.closing`) when leaving it early.
    """
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=main, args=(there, *arguments), daemon=True)
    try:
        with uninterrupted():
            process.start()
        there.close()
        while True:
            try:
                message: object = here.recv()
            except (EOFError, OSError):
                break
            yield message
        process.join(timeout=_GOODBYE_S)
        if process.exitcode:
            raise ChildProcessError(_how_it_ended(process.exitcode))
    finally:
        with uninterrupted():
            if process.pid is not None:
                kill_tree(process.pid)
                process.join(timeout=_GOODBYE_S)
            here.close()


def own_the_process() -> None:
    """What the process does first: become killable as a group, and die with its parent."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, set())  # the parent holds signals back while it starts us
    # The parent here is the fork server or the command itself; the fork server ends when the command does.
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _how_it_ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"the process that measures ended by itself with exit code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = "unknown"
    return f"the process that measures was ended by signal {-exit_code} ({name})"
