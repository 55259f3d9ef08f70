"""The settings that a machine's size makes worth trying."""

import os
from collections.abc import Sequence

from loadbench.errors import InternalError
from loadbench.machine.memory import available_bytes
from loadbench.probe.reading import Reader
from loadbench.probe.sample import Span
from loadbench.probe.search import Settings
from loadbench.units import MIB

MOST_THREADS = 64


def thread_counts(least: int) -> list[int]:
    """Powers of two up to the number of CPUs, or up to `least` where that is more."""
    most = min(MOST_THREADS, max(least, len(os.sched_getaffinity(0))))
    return [2**power for power in range(most.bit_length())]


def read_settings(threads: Sequence[int], blocks: Sequence[int]) -> list[Settings]:
    """Every number of threads with every size of block, as far as the buffers leave three quarters of memory free."""
    room = available_bytes() // 4
    pairs = [(count, block) for count in threads for block in blocks if count * block <= room]
    return [{"threads": count, "block": block} for count, block in pairs or [(1, MIB)]]


def largest(settings: Sequence[Settings]) -> int:
    """Bytes of buffers that the most demanding of the settings takes."""
    return max(number(setting, "threads") * number(setting, "block") for setting in settings)


def read_with(reader: Reader, spans: Sequence[Span], setting: Settings) -> int:
    """Read the spans with one setting, ns."""
    return reader.read(spans, number(setting, "threads"), number(setting, "block"))


def number(setting: Settings, name: str) -> int:
    """The value of a setting that is a whole number."""
    value = setting[name]
    if not isinstance(value, int):
        raise InternalError(f"{name}={value!r} is not a whole number")
    return value
