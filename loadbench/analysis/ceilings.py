"""What bounds a load: how fast each of its stages can be here, and which of them its time goes to."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from loadbench.analysis.measured import Measured
from loadbench.analysis.statistics import median
from loadbench.records import Case, Ceiling, CeilingKind
from loadbench.units import gb_per_s, gib_per_s

Stage = Literal["storage", "page cache", "link"]
Bottleneck = Literal["storage", "page cache", "link", "loader"]

BOUND_BY_STAGE = 0.8
"""From this share of its ceiling on, a load's time is the stage's; below it the loader itself takes the rest."""
TOO_FAST = 1.05
"""A load faster than its ceiling by more than this did not do what the ceiling did."""
PAST_THE_PAGE_CACHE = {"direct", "gds"}
"""Effective paths that read from storage whatever the page cache holds."""


def best_ceiling(
    ceilings: Iterable[Ceiling], kind: CeilingKind, checkpoint: str | None = None, device: str | None = None
) -> Ceiling | None:
    """The ceiling of this kind with the least median time per byte; of one checkpoint or device if one is named.

    Settings that were only screened do not count.
    """
    found = [
        ceiling
        for ceiling in ceilings
        if ceiling.kind == kind
        and ceiling.bytes > 0
        and median_ns(ceiling) > 0
        and checkpoint in (None, ceiling.checkpoint)
        and device in (None, ceiling.device)
    ]
    return min(thorough(found), key=ns_per_byte, default=None)


def thorough(ceilings: Sequence[Ceiling]) -> list[Ceiling]:
    """Of each search those with the most repetitions. A setting that was only screened may owe its time to chance."""
    most: dict[Hashable, int] = {}
    for ceiling in ceilings:
        most[_search(ceiling)] = max(most.get(_search(ceiling), 0), len(ceiling.samples_ns))
    return [ceiling for ceiling in ceilings if len(ceiling.samples_ns) == most[_search(ceiling)]]


def _search(ceiling: Ceiling) -> Hashable:
    """Alike for the settings that were compared with each other."""
    return ceiling.kind, ceiling.checkpoint, ceiling.device, ceiling.session


def median_ns(ceiling: Ceiling) -> int:
    """Median time of a repetition, ns."""
    return median(ceiling.samples_ns)


def ns_per_byte(ceiling: Ceiling) -> float:
    """Median time per byte, ns."""
    return median_ns(ceiling) / ceiling.bytes


def rates(ceiling: Ceiling) -> tuple[float, float]:
    """GB/s and GiB/s at the median."""
    return gb_per_s(ceiling.bytes, median_ns(ceiling)), gib_per_s(ceiling.bytes, median_ns(ceiling))


def past_the_page_cache(measured: Measured) -> bool:
    """Whether every trial of the case took its bytes from storage although the page cache may have held them."""
    return PAST_THE_PAGE_CACHE.issuperset(measured.effective_paths)


@dataclass(frozen=True)
class Bound:
    """The least time that one stage takes for the bytes of a case."""

    stage: Stage
    ns: int


@dataclass(frozen=True)
class Bounds:
    """The stages of a case, in the order in which the bytes pass them; never empty."""

    stages: tuple[Bound, ...]

    @property
    def lower(self) -> Bound:
        """The slowest stage. Stages can overlap, so that no load is faster than this, but one may be as fast."""
        return max(self.stages, key=lambda bound: bound.ns)

    @property
    def sum_ns(self) -> int:
        """The time of the stages one after the other, as a loader that overlaps nothing would take."""
        return sum(bound.ns for bound in self.stages)


@dataclass(frozen=True)
class CeilingCase:
    """A ceiling measured by trials in the rounds, as any case is: a sentinel, or a raw read that was asked for."""

    number: int
    case: Case
    measured: Measured

    @property
    def stage(self) -> Stage:
        """What it measures: storage where its bytes came from there, cold or past the page cache."""
        return "storage" if self.case.cache == "cold" or past_the_page_cache(self.measured) else "page cache"

    @property
    def ns_per_byte(self) -> float:
        """Median time per byte, ns."""
        return self.measured.median_ns / max(1, self.measured.payload_bytes)


def stages_of(
    case: Case, payload_bytes: int, delivered_bytes: int, *, past_cache: bool
) -> tuple[tuple[Stage, int], ...]:
    """The stages of a load, in the order in which the bytes pass them, and how many bytes each has to move.

    Pages of a mapping that are only touched are not copied; a read copies. Tensors may be converted on either side of
    the link, so that the smaller form may be what crosses it.
    """
    stages: list[tuple[Stage, int]] = []
    if case.cache == "cold" or past_cache:
        stages.append(("storage", payload_bytes))
    elif case.contract != "touched":
        stages.append(("page cache", payload_bytes))
    if case.device != "cpu":
        stages.append(("link", min(payload_bytes, delivered_bytes)))
    return tuple(stages)


class Ceilings:
    """Ceilings of a run or of several: those of the probe, measured before the rounds, and those measured by trials."""

    def __init__(self, probed: Sequence[Ceiling], tried: Sequence[CeilingCase]) -> None:
        self.probed = tuple(probed)
        self.tried = tuple(tried)
        self._tried_at = {one.case.key: one for one in reversed(self.tried)}
        self._known: dict[tuple[str, str | None, str], float | None] = {}

    def bounds(self, case: Case, measured: Measured) -> Bounds | None:
        """What bounds a case; None where a ceiling of its stages was not measured."""
        one = self._tried_at.get(case.key)
        if one is not None:
            # A ceiling itself reads into host memory, whatever device it stands beside.
            return self.bounds_of([(one.stage, measured.payload_bytes)], case.checkpoint, case.device)
        return self.bounds_for(case, measured, past_cache=past_the_page_cache(measured))

    def bounds_for(self, case: Case, measured: Measured, *, past_cache: bool) -> Bounds | None:
        """What bounds a load of these bytes under this case's conditions, past the page cache or by any path."""
        stages = stages_of(case, measured.payload_bytes, measured.delivered_bytes, past_cache=past_cache)
        return self.bounds_of(stages, case.checkpoint, case.device)

    def bounds_of(self, stages: Sequence[tuple[Stage, int]], checkpoint: str | None, device: str) -> Bounds | None:
        """What bounds a load that moves so many bytes through these stages; by the ceilings of any checkpoint if None.

        None where one of them has no ceiling, as it may be the slowest; and where there is no stage at all.
        """
        found = []
        for stage, size in stages:
            time = self._ns_per_byte(stage, checkpoint, device)
            if time is None:
                return None
            found.append(Bound(stage, round(size * time)))
        return Bounds(tuple(found)) if found else None

    def fastest_tried(self, stage: Stage, checkpoint: str | None, device: str) -> CeilingCase | None:
        """The fastest ceiling case of a stage: rather one beside the same device, and for storage rather a cold one."""
        found = [one for one in self.tried if one.stage == stage and checkpoint in (None, one.case.checkpoint)]
        found = [one for one in found if one.case.device == device] or found
        if stage == "storage":
            found = [one for one in found if one.case.cache == "cold"] or found
        return min(found, key=lambda one: one.ns_per_byte, default=None)

    def _ns_per_byte(self, stage: Stage, checkpoint: str | None, device: str) -> float | None:
        key = (stage, checkpoint, device)
        if key not in self._known:
            self._known[key] = min(self._times(stage, checkpoint, device), default=None)
        return self._known[key]

    def _times(self, stage: Stage, checkpoint: str | None, device: str) -> Iterable[float]:
        """Time per byte by the probe and by the trials; the faster of them is nearer to what is possible."""
        if stage == "link":
            pinned = best_ceiling(self.probed, "link, pinned", device=device)
            link = pinned or best_ceiling(self.probed, "link, pageable", device=device)
            return [ns_per_byte(link)] if link else []
        probed = best_ceiling(self.probed, stage, checkpoint)
        tried = self.fastest_tried(stage, checkpoint, device)
        found = [ns_per_byte(probed)] if probed else []
        if tried and tried.measured.payload_bytes > 0:
            found.append(tried.ns_per_byte)
        return found


def bottleneck(bounds: Bounds, load_ns: int) -> Bottleneck:
    """What the time of a load goes to: its slowest stage where the load is nearly as fast, else the loader."""
    return bounds.lower.stage if bounds.lower.ns >= BOUND_BY_STAGE * load_ns else "loader"


def too_fast(measured: Measured, bounds: Bounds) -> bool:
    """Whether a case is faster than its ceiling by more than chance: a cold one was then not cold.

    A median below the ceiling's proves nothing: of loaders as fast as the ceiling every second one has it. So the
    case's whole 95 % interval has to lie below the ceiling's median over 1.05. An honest load at the ceiling has
    that in fewer than 1 of 40 runs, even if the ceiling were measured 5 % too slow; and as the fastest of several
    medians it is rather measured too fast, where nothing is flagged falsely. With fewer than 6 trials the interval
    is the range of all of them, and false alarms are more frequent: they cost a look, and a missed one a wrong
    figure.
    """
    return measured.interval.high * TOO_FAST < bounds.lower.ns
