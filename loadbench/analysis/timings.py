"""What earlier runs on this machine say about how long trials take and how much they scatter.

A trial costs more than its clock: a process, the cache state, hashing. What one cost as a whole is the time from
its start to the start of the next, and what its disturbed attempts cost before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import exp
from random import Random
from statistics import fmean

from loadbench.analysis.power import residuals
from loadbench.analysis.precision import half_width
from loadbench.records import Case, Record

_DRAWS = 41

SETTLED_S = 0.3
"""Part of a trial's time besides the clock that does not grow with its bytes: fork, imports, mapping code."""


@dataclass(frozen=True)
class Timed:
    """One trial of an earlier run."""

    case: Case
    bytes: int
    load_s: float
    wall_s: float
    run: str = ""
    """Which run it is of: times of different runs differ by more than their scatter."""


@dataclass(frozen=True)
class Estimate:
    """What a trial is expected to cost as a whole, and how well that is known."""

    wall_s: float
    basis: str
    """`this case`, `this checkpoint`, `this loader`, `any loader`: what was timed."""
    residuals: tuple[float, ...] = ()
    """How the earlier times scattered around the medians of their cases, as logarithms."""


def timed(records: Sequence[Record], run: str = "") -> list[Timed]:
    """The trials of a run whose cost can be told: another one of the same session followed."""
    found = []
    disturbed: dict[tuple[str, int], float] = {}
    for record, following in pairwise(record for record in records if record.round):
        wall = datetime.fromisoformat(following.started_at) - datetime.fromisoformat(record.started_at)
        wall_s = wall.total_seconds()
        if record.session != following.session or wall_s < 0:
            continue
        key = record.case.name, record.round
        if record.status == "disturbed":
            disturbed[key] = disturbed.get(key, 0.0) + wall_s
        elif record.status == "ok" and record.timing and record.bytes and wall_s >= record.timing.load_ns / 1e9:
            wall_s += disturbed.get(key, 0.0)
            found.append(Timed(record.case, record.bytes.payload_bytes, record.timing.load_ns / 1e9, wall_s, run))
    return found


def estimate(case: Case, size: int, history: Iterable[Timed]) -> Estimate | None:
    """What a trial of this case is likely to cost, by the nearest that was timed; None if nothing was.

    The mean and not the median: what is estimated is a sum over many trials.
    """
    same_state = [one for one in history if (one.case.cache, one.case.device) == (case.cache, case.device)]
    same_loader = [one for one in same_state if one.case.loader == case.loader]
    same_checkpoint = [one for one in same_loader if one.case.checkpoint == case.checkpoint]
    groups = {
        "this case": [one for one in same_checkpoint if one.case == case],
        "this checkpoint": same_checkpoint,
        "this loader": same_loader,
        "any loader": same_state,
    }
    for basis, group in groups.items():
        if group:
            return Estimate(fmean(_scaled(one, size) for one in group), basis, spread(group))
    return None


def spread(history: Iterable[Timed]) -> tuple[float, ...]:
    """The residuals of the times of each case in each run, pooled."""
    cases: dict[tuple[str, str], list[int]] = {}
    for one in history:
        cases.setdefault((one.run, one.case.name), []).append(round(one.load_s * 1e9))
    return residuals(cases.values())


def expected_rounds(ladder: Sequence[int], rounds: int, wanted: float, scatter: Sequence[float], seed: int = 0) -> int:
    """The step of the ladder at which a case with such a scatter is more likely than not precise enough, or `rounds`.

    `wanted` is the half-width of the interval over the median.
    """
    chance = Random(seed)
    for step in ladder:
        draws = [[round(1e9 * exp(chance.choice(scatter))) for _ in range(step)] for _ in range(_DRAWS)]
        widths = [width for draw in draws if (width := half_width(draw)) is not None]
        if sum(width <= wanted for width in widths) > _DRAWS / 2:
            return min(step, rounds)
    return rounds


def _scaled(one: Timed, size: int) -> float:
    settled = min(SETTLED_S, one.wall_s)
    return settled + (one.wall_s - settled) * size / max(1, one.bytes)
