"""fio as the judge of the storage's ceiling: its best settings against our best ones, on the same bytes, in turn."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from loadbench.analysis.statistics import median
from loadbench.probe import fio_run
from loadbench.probe.child import Context, messages_of, own_the_process
from loadbench.probe.fio_run import FioSetting
from loadbench.probe.reading import Reader
from loadbench.probe.sample import total
from loadbench.probe.settings import largest, read_with
from loadbench.probe.stage import MissingError, Progress, Tally
from loadbench.records import Ceiling, Value
from loadbench.units import NS

FINALISTS = 2
"""Settings of fio, and of ours, that take turns. Each side is judged by its better one: the faster of two that are
alike is a little luck, and both sides must have the same share of it."""
REPETITIONS = 9
LONG_ENOUGH_NS = NS // 2
"""fio counts milliseconds, so one repetition reads the files as often as it takes to fill this time."""

_Sample = tuple[int, int]
"""Bytes and ns of one repetition."""


@dataclass(frozen=True)
class FioComparison:
    """fio's best setting and our best one. Sizes are bytes of one repetition, times ns."""

    version: str
    setting: FioSetting
    environment: dict[str, str]
    command: tuple[str, ...]
    bytes: int
    samples_ns: tuple[int, ...]
    own_settings: dict[str, Value]
    own_bytes: int
    own_samples_ns: tuple[int, ...]

    @property
    def ratio(self) -> float:
        """Our rate over fio's, both at the median."""
        return (self.own_bytes / median(self.own_samples_ns)) / (self.bytes / median(self.samples_ns))


def compare_with_fio(
    files: Sequence[Path], best: Sequence[Ceiling], context: Context, progress: Progress | None = None
) -> FioComparison | str:
    """Compare our storage ceilings, the best first, with fio's best on the same files; or why it cannot be done."""
    if shutil.which("fio") is None:
        return "fio is not installed (apt install fio, dnf install fio)"
    with closing(messages_of(context, _main, tuple(files), tuple(best[:FINALISTS]))) as messages:
        try:
            for message in messages:
                if isinstance(message, FioComparison | str):
                    return message
                if progress and isinstance(message, tuple):
                    progress(*message)
        except ChildProcessError as error:
            return str(error)
    return "the process that measures gave no answer"


def _main(channel: Connection, files: tuple[Path, ...], best: tuple[Ceiling, ...]) -> None:
    own_the_process()
    try:
        channel.send(_compare(files, best, Tally(lambda done, size: channel.send((done, size)))))
    except MissingError as reason:
        channel.send(str(reason))
    except OSError as error:
        channel.send(f"{error.filename or 'the files'} cannot be read: {error.strerror}")
    channel.close()


def _compare(files: tuple[Path, ...], best: tuple[Ceiling, ...], tally: Tally) -> FioComparison:
    spans = fio_run.readable(files, best[0].bytes)
    if not spans:
        raise MissingError("the files are too small for fio, which reads whole blocks only")
    settings = fio_run.settings()
    expected_ns = total(spans) * median(best[0].samples_ns) // best[0].bytes
    passes = -(-LONG_ENOUGH_NS // max(1, expected_ns))
    size = passes * total(spans)
    tally.plan("fio", size * (len(settings) + REPETITIONS * (FINALISTS + len(best))))
    reader = Reader(largest([one.settings for one in best]), direct=True)

    def own(ceiling: Ceiling) -> _Sample:
        sample = size, read_with(reader, spans * passes, ceiling.settings)
        tally.moved("fio", size)
        return sample

    def theirs(setting: FioSetting) -> _Sample:
        sample = fio_run.run(setting, spans, size)
        tally.moved("fio", size)
        return sample

    finalists = _screen(settings, theirs)[:FINALISTS]
    turns = [*(partial(theirs, setting) for setting in finalists), *(partial(own, ceiling) for ceiling in best)]
    samples: list[list[_Sample]] = [[] for _ in turns]
    for turn in range(REPETITIONS):
        for position in range(len(turns)):
            index = (position + turn) % len(turns)  # the first of a round is another one each time
            samples[index].append(turns[index]())
    winner = max(range(len(finalists)), key=lambda index: _rate(samples[index]))
    ours = max(range(len(finalists), len(turns)), key=lambda index: _rate(samples[index]))
    setting = finalists[winner]
    return FioComparison(
        version=fio_run.version(),
        setting=setting,
        environment={"GLIBC_TUNABLES": fio_run.HUGE_PAGES},
        command=tuple(setting.command(spans, size)),
        bytes=samples[winner][0][0],
        samples_ns=tuple(ns for _, ns in samples[winner]),
        own_settings=best[ours - len(finalists)].settings,
        own_bytes=size,
        own_samples_ns=tuple(ns for _, ns in samples[ours]),
    )


def _screen(settings: Sequence[FioSetting], measure: Callable[[FioSetting], _Sample]) -> list[FioSetting]:
    """The settings that work here, the fastest first. An engine that is not allowed here fails at once."""
    rates: dict[FioSetting, float] = {}
    reasons = []
    for setting in settings:
        try:
            rates[setting] = _rate([measure(setting)])
        except MissingError as reason:
            reasons.append(str(reason))
    if not rates:
        raise MissingError("; ".join(dict.fromkeys(reasons)))
    return sorted(rates, key=lambda setting: -rates[setting])


def _rate(samples: Sequence[_Sample]) -> float:
    """Bytes a ns at the median time. One setting reads the same number of bytes each time."""
    return samples[0][0] / median([ns for _, ns in samples])
