"""Published figures beside the cases of a run: which of ours a figure belongs to, and what forbids to compare them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.measured import Measured
from loadbench.analysis.summary import CaseSummary
from loadbench.errors import UsageError
from loadbench.published.records import PublishedFigure
from loadbench.records import Value
from loadbench.units import NS, human_size, parse_size

_LOADERS = {"safetensors": "safetensors-mmap"}
"""Published names of loaders that have another one here."""
_TUNABLES = {"threads": "threads", "readers": "threads", "buffer": "buffer", "concurrency": "concurrency"}
"""Published names of tunables, and ours. All else that a source calls a setting is no tunable."""
_MIB = "MiB"
_SAME_BYTES = 0.01
_WITHOUT_GPU = ("none", "none (CPU)")
_UNSTATED_GPU = ("", "not stated", "not read")


@dataclass(frozen=True)
class Difference:
    """One reason why two figures must not be compared."""

    what: str
    """clock, cache or bytes."""
    text: str


@dataclass(frozen=True)
class Pair:
    """A published time and our case with the same loader and settings."""

    figure: PublishedFigure
    seconds: float
    summary: CaseSummary
    measured: Measured
    differences: tuple[Difference, ...]

    @property
    def times(self) -> float | None:
        """The published time over ours; None where they must not be compared."""
        return None if self.differences else self.seconds * NS / self.measured.median_ns


def pairs(figures: Iterable[PublishedFigure], summaries: Sequence[CaseSummary]) -> tuple[Pair, ...]:
    """Each figure with a time beside the case of ours that differs least in its conditions; the fastest of several.

    A figure without a case of its loader and settings is left out: an other setting is an other experiment.
    """
    found = (_pair(figure, figure.seconds, summaries) for figure in figures if figure.seconds is not None)
    return tuple(pair for pair in found if pair is not None)


def _pair(figure: PublishedFigure, seconds: float, summaries: Sequence[CaseSummary]) -> Pair | None:
    candidates = [
        Pair(figure, seconds, summary, summary.measured, differences(figure, summary, summary.measured))
        for summary in summaries
        if summary.measured is not None and not summary.is_ceiling and _same_experiment(figure, summary)
    ]
    return min(candidates, key=lambda pair: (len(pair.differences), pair.measured.median_ns), default=None)


def differences(figure: PublishedFigure, summary: CaseSummary, measured: Measured) -> tuple[Difference, ...]:
    """What differs in the clock, the cache state and the bytes. What a source does not state counts as different."""
    found = [
        *_clock(figure, summary.case.device),
        *_cache(figure, summary.case.cache, measured),
        *_bytes(figure, measured),
    ]
    return tuple(found)


def _same_experiment(figure: PublishedFigure, summary: CaseSummary) -> bool:
    name = figure.loader.rpartition(":")[2]
    if _LOADERS.get(name, name) != summary.case.loader:
        return False
    ours = summary.case.tunables | (summary.measured.settings if summary.measured else {})
    stated = {_TUNABLES[name]: value for name, value in figure.settings.items() if name in _TUNABLES}
    return all(name in ours and _number(value) == _number(ours[name]) for name, value in stated.items())


def _number(value: Value) -> Value:
    """A setting as a number. The sources' `16MB` buffers are 16 MiB: their scripts multiply by 1024."""
    if not isinstance(value, str):
        return value
    try:
        return parse_size(value.upper().replace("MB", _MIB).replace(" ", ""))
    except UsageError:
        return value


def _clock(figure: PublishedFigure, device: str) -> Iterable[Difference]:
    engine = figure.loader.rpartition(":")[0]
    if figure.clock != "load":
        yield Difference("clock", f"their clock: {figure.clock}, ours: load")
    elif engine:
        yield Difference("clock", f"their clock runs inside {engine}")
    on_gpu = device != "cpu"
    if figure.gpu in _UNSTATED_GPU:
        yield Difference("clock", "they do not say on which device the weights end")
    elif (figure.gpu not in _WITHOUT_GPU) != on_gpu:
        there, here = ("the CPU's memory", "a GPU") if on_gpu else ("a GPU", "the CPU's memory")
        yield Difference("clock", f"their weights end in {there}, ours in {here}")


def _cache(figure: PublishedFigure, ours: str, measured: Measured) -> Iterable[Difference]:
    if figure.cache != ours:
        yield Difference("cache", f"their cache: {figure.cache}, ours: {ours}")
    elif not measured.cache_verified:
        yield Difference("cache", f"our cache was {measured.cache}")


def _bytes(figure: PublishedFigure, measured: Measured) -> Iterable[Difference]:
    if figure.bytes is None:
        yield Difference("bytes", "they do not state their bytes")
    elif _differ(figure.bytes, measured.payload_bytes):
        yield Difference(
            "bytes", f"their bytes: {human_size(figure.bytes)}, ours: {human_size(measured.payload_bytes)}"
        )
    elif _differ(figure.counted_bytes or figure.bytes, measured.delivered_bytes):
        delivered = human_size(figure.counted_bytes or figure.bytes)
        yield Difference("bytes", f"they deliver {delivered}, we {human_size(measured.delivered_bytes)}")


def _differ(one: int, other: int) -> bool:
    return abs(one - other) > _SAME_BYTES * max(one, other)
