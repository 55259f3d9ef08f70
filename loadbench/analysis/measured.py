"""What the trials of one case that count say together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.shape import Modes, modes, outliers
from loadbench.analysis.statistics import Interval, interval, median
from loadbench.analysis.trend import Trend, trend
from loadbench.records import ByteCounts, Record, Timing, Value
from loadbench.units import gb_per_s, gib_per_s

_TOO_LONG_NS = 2**63
"""Arithmetic on times is that of 64 bits; a file can hold any integer."""


@dataclass(frozen=True)
class Measured:
    """The figures of one case. Times are ns, sizes bytes; a None is a figure that no trial could give."""

    samples_ns: tuple[int, ...]
    rounds: tuple[int, ...]
    """The round of each sample."""
    trend: Trend | None
    modes: Modes | None
    outliers: tuple[int, ...]
    """Indices of samples far from the others. They count all the same."""
    median_ns: int
    interval: Interval
    process_median_ns: int
    payload_bytes: int
    delivered_bytes: int
    storage_read_bytes: int | None
    rss_peak_bytes: int | None
    device_peak_bytes: int | None
    cache_left_bytes: int | None
    major_faults: int | None
    modules_imported: int
    cache: str
    cache_verified: bool
    bytes_verified: bool
    requested_paths: tuple[str, ...]
    effective_paths: tuple[str, ...]
    settings: dict[str, Value]
    differing: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of trials that count."""
        return len(self.samples_ns)

    @property
    def gb_per_s(self) -> float:
        """Decimal gigabytes of the requested tensors' file bytes per second of median load."""
        return gb_per_s(self.payload_bytes, self.median_ns)

    @property
    def gib_per_s(self) -> float:
        """Binary gigabytes of the requested tensors' file bytes per second of median load."""
        return gib_per_s(self.payload_bytes, self.median_ns)


def why_not_counted(record: Record) -> str | None:
    """The reason why a record's time does not count; None when it counts."""
    if record.status != "ok":
        return record.reason or "no reason recorded"
    if record.timing is None or record.bytes is None:
        return "the record has no time or no byte counts"
    if record.timing.load_ns <= 0:
        return f"impossible time: {record.timing.load_ns} ns"
    if record.timing.load_ns >= _TOO_LONG_NS:
        return "impossible time: more than 292 years"
    return None


def measure(records: Sequence[Record]) -> Measured | None:
    """The figures of records of one case that all count; None if there are none."""
    if not records:
        return None
    first = records[0]
    timings: list[Timing] = [record.timing for record in records if record.timing is not None]
    counts: list[ByteCounts] = [record.bytes for record in records if record.bytes is not None]
    times = tuple([timing.load_ns for timing in timings])
    ordered = sorted(times)
    counters = [record.counters for record in records if record.counters is not None]
    caches = [record.cache for record in records if record.cache is not None]
    paths = [record.path for record in records if record.path is not None]
    proofs = {id(record.proof): record.proof for record in records}.values()
    rounds = tuple([record.round for record in records])
    return Measured(
        samples_ns=times,
        rounds=rounds,
        trend=trend(dict(zip(rounds, times, strict=True))),
        modes=modes(ordered),
        outliers=outliers(times),
        median_ns=median(ordered),
        interval=interval(ordered),
        process_median_ns=median([timing.process_ns for timing in timings]),
        payload_bytes=median([count.payload_bytes for count in counts]),
        delivered_bytes=median([count.delivered_bytes for count in counts]),
        storage_read_bytes=_median_of_known([count.storage_read_bytes for count in counts]),
        rss_peak_bytes=_median_of_known([counter.rss_peak_bytes for counter in counters]),
        device_peak_bytes=_median_of_known([counter.device_peak_bytes for counter in counters]),
        cache_left_bytes=_median_of_known([proof.after.resident_bytes for proof in caches]),
        major_faults=_median_of_known([counter.major_faults for counter in counters]),
        modules_imported=max([timing.modules_imported for timing in timings]),
        cache=_cache_text(records),
        cache_verified=len(caches) == len(records) and {one.before.state for one in caches} == {first.case.cache},
        bytes_verified=all(proof and proof.compared and not proof.wrong for proof in proofs),
        requested_paths=_distinct([path.requested for path in paths]),
        effective_paths=_distinct([path.effective for path in paths]) or ("unknown",),
        settings=first.settings,
        differing=_differing(records, counts),
    )


def _median_of_known(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _cache_text(records: Sequence[Record]) -> str:
    """`cold`, or `cold+unknown` where the trials differ: what was read right before each clock started."""
    return "+".join(_distinct([record.cache.before.text if record.cache else "unknown" for record in records]))


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))


def _differing(records: Sequence[Record], counts: Sequence[ByteCounts]) -> tuple[str, ...]:
    """What should be the same in all trials of a case and is not."""
    found = []
    if len({count.payload_bytes for count in counts}) > 1:
        found.append("bytes loaded")
    first = records[0].settings
    if any(one.settings is not first and one.settings != first for one in records):
        found.append("settings in effect")
    return tuple(found)
