"""A progress bar over bytes, on stderr: rate and ETA on a terminal, one line at the start elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loadbench.units import human_size


@contextmanager
def bytes_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function that takes bytes done and bytes in total. Nothing is shown before it is called."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=not sys.stderr.isatty())
    task = bar.add_task(what, total=None, start=False)
    announced = False

    def show(done: int, total: int) -> None:
        nonlocal announced
        if not announced:
            announced = True
            bar.start()
            bar.start_task(task)
            if bar.disable:
                print(f"{what} ({human_size(total)})", file=sys.stderr, flush=True)
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()
