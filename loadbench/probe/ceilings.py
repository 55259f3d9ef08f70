"""The ceilings of this machine for given files, measured in a process of its own."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from loadbench.probe import worker
from loadbench.probe.child import Context, messages_of
from loadbench.probe.stage import LIMIT, Probed, Progress, Task


def probe(
    files: Sequence[Path],
    checkpoint_name: str,
    devices: tuple[str, ...],
    context: Context,
    progress: Progress | None = None,
    *,
    limit: int = LIMIT,
) -> Probed:
    """Measure how fast each stage of a load of these files can be: storage, page cache, memory, links to devices.

    What cannot be measured here is named in `missing`, with the reason; nothing of that is an error. A repetition
    moves `limit` bytes at most. Progress is told in bytes of all stages together.
    """
    found = Probed()
    task = Task(tuple(files), checkpoint_name, devices, limit)
    with closing(messages_of(context, worker.main, task)) as messages:
        try:
            for message in messages:
                if isinstance(message, Probed):
                    found += message
                elif progress and isinstance(message, tuple):
                    progress(*message)
        except ChildProcessError as error:
            found += Probed(missing=(f"what was left to measure: {error}",))
    return found
