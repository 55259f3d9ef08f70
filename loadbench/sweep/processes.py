"""Where trial processes come from: a zygote with torch imported, or a new interpreter each time.

The zygote is multiprocessing's forkserver, which imports `loadbench.trial.zygote` and does nothing else: it
makes no CUDA context, which a fork could not use, and touches no loader library.
"""

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, SpawnContext

from loadbench.machine.interruptions import uninterrupted
from loadbench.records import Isolation

PRELOAD = ["loadbench.trial.zygote"]

Context = ForkServerContext | SpawnContext


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
