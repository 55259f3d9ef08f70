"""The probe's process: it measures one kind of ceiling after the other and tells each as soon as it has it."""

import functools
from collections.abc import Callable
from multiprocessing.connection import Connection

from loadbench.probe import link, memory, page_cache, storage
from loadbench.probe.child import own_the_process
from loadbench.probe.stage import MissingError, Probed, Tally, Task
from loadbench.records import CeilingKind

_Planned = Callable[[Task], int]
_Measure = Callable[[Task, Tally], Probed]

_HOST: dict[CeilingKind, tuple[_Planned, _Measure]] = {
    "storage": (storage.planned_bytes, storage.measure_storage),
    "page cache": (page_cache.planned_bytes, page_cache.measure_page_cache),
    "memory": (memory.planned_bytes, memory.measure_memory),
}
_LINK: dict[CeilingKind, tuple[_Planned, _Measure]] = {
    "link, pinned": (link.planned_bytes, functools.partial(link.measure_link, memory="pinned")),
    "link, pageable": (link.planned_bytes, functools.partial(link.measure_link, memory="pageable")),
}


def main(channel: Connection, task: Task) -> None:
    """Measure everything that the task asks for. Sends `(done, total)` on the way and a `Probed` for each kind."""
    own_the_process()
    tally = Tally(lambda done, total: channel.send((done, total)))
    stages = _HOST if task.device == "cpu" else {**_HOST, **_LINK}
    for kind, (planned_bytes, _) in stages.items():
        try:
            tally.planned[kind] = planned_bytes(task)
        except OSError:
            continue  # the stage itself will say why
    for kind, (_, measure) in stages.items():
        try:
            channel.send(measure(task, tally))
        except MissingError as reason:
            channel.send(Probed(missing=(f"{kind}: {reason}",)))
        tally.end(kind)
    channel.close()
