"""The probe's process: it measures one kind of ceiling after the other and tells each as soon as it has it."""

import functools
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection

from loadbench.probe import link, memory, page_cache, storage
from loadbench.probe.child import own_the_process
from loadbench.probe.stage import MissingError, Probed, Tally, Task, stage_name

_Planned = Callable[[Task], int]
_Measure = Callable[[Task, Tally], Probed]

_HOST: dict[str, tuple[_Planned, _Measure]] = {
    "storage": (storage.planned_bytes, storage.measure_storage),
    "page cache": (page_cache.planned_bytes, page_cache.measure_page_cache),
    "memory": (memory.planned_bytes, memory.measure_memory),
}


def main(channel: Connection, task: Task) -> None:
    """Measure everything that the task asks for. Sends `(done, total)` on the way and a `Probed` for each stage."""
    own_the_process()
    tally = Tally(lambda done, total: channel.send((done, total)))
    stages = {**_HOST, **_links(task.devices)}
    for name, (planned_bytes, _) in stages.items():
        try:
            tally.planned[name] = planned_bytes(task)
        except OSError:
            continue  # the stage itself will say why
    for name, (_, measure) in stages.items():
        try:
            channel.send(measure(task, tally))
        except MissingError as reason:
            channel.send(Probed(missing=(f"{name}: {reason}",)))
        tally.end(name)
    channel.close()


def _links(devices: Iterable[str]) -> dict[str, tuple[_Planned, _Measure]]:
    """The link to each device; the CPU has none."""
    return {
        stage_name(kind, device): (link.planned_bytes, functools.partial(link.measure_link, kind=kind, device=device))
        for device in devices
        if device != "cpu"
        for kind in link.KINDS
    }
