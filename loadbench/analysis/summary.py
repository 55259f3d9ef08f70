"""A run's records, grouped by case: the figures, what does not count and why, and the share of the ceiling."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.measured import Measured, measure, why_not_counted
from loadbench.records import Case, Record, Run, Status


@dataclass(frozen=True)
class Outcome:
    """Trials of one case that do not count, for one reason."""

    status: Status
    reason: str
    count: int
    repeated: int
    """How many of them were tried again in the same round with success: these rounds lack nothing."""


@dataclass(frozen=True)
class CaseSummary:
    """One case of a run."""

    number: int
    """From 1, in the order of the plan."""
    case: Case
    measured: Measured | None
    """None when no trial of the case counts."""
    outcomes: tuple[Outcome, ...]
    missing_rounds: int
    """Rounds that were planned and have no record."""
    is_ceiling: bool
    ceiling_share: float | None
    """Time of the best ceiling case over this case's time, medians; None where no ceiling was measured."""


def summarise(run: Run, records: Iterable[Record]) -> tuple[CaseSummary, ...]:
    """Every case that was planned or recorded, in the order of the plan."""
    cases: dict[Hashable, Case] = {_key(case): case for case in run.plan.cases}
    groups: dict[Hashable, list[Record]] = {key: [] for key in cases}
    for record in records:
        key = _key(record.case)
        cases.setdefault(key, record.case)
        groups.setdefault(key, []).append(record)

    measured = {key: measure([r for r in group if why_not_counted(r) is None]) for key, group in groups.items()}
    ceilings = _Ceilings()
    for key, case in cases.items():
        if _is_ceiling(run, case):
            ceilings.add(case, measured[key])
    planned = {_key(case) for case in run.plan.cases}
    return tuple(
        CaseSummary(
            number=number,
            case=case,
            measured=measured[key],
            outcomes=_outcomes(groups[key]),
            missing_rounds=_missing_rounds(groups[key], run.plan.rounds) if key in planned else 0,
            is_ceiling=_is_ceiling(run, case),
            ceiling_share=ceilings.share(case, measured[key]),
        )
        for number, (key, case) in enumerate(cases.items(), 1)
    )


def counts_by_status(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many trials of each status do not count and were not made up for in their round."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts[outcome.status] += outcome.count - outcome.repeated
    return {status: count for status, count in counts.items() if count}


def _key(case: Case) -> Hashable:
    """Equal for equal cases. `Case.name` would do but for names with a slash in them."""
    tunables = tuple(sorted(case.tunables.items()))
    return case.loader, case.checkpoint, case.device, case.cache, case.contract, case.dtype, tunables


def _outcomes(records: Sequence[Record]) -> tuple[Outcome, ...]:
    good_attempt: dict[int, int] = {}
    for record in records:
        if why_not_counted(record) is None:
            good_attempt[record.round] = max(record.attempt, good_attempt.get(record.round, 0))
    counts: Counter[tuple[Status, str]] = Counter()
    repeated: Counter[tuple[Status, str]] = Counter()
    for record in records:
        reason = why_not_counted(record)
        if reason is not None:
            counts[record.status, reason] += 1
            repeated[record.status, reason] += record.attempt < good_attempt.get(record.round, 0)
    return tuple(Outcome(*key, count=count, repeated=repeated[key]) for key, count in counts.items())


def _missing_rounds(records: Sequence[Record], rounds: int) -> int:
    # A skipped record says that the case cannot be tried at all, or not any more, so no round is missing.
    if any(record.status == "skipped" for record in records):
        return 0
    return max(0, rounds - len({record.round for record in records}))


def _is_ceiling(run: Run, case: Case) -> bool:
    info = run.loaders.get(case.loader)
    return info is not None and info.ceiling


class _Ceilings:
    """The best time of a ceiling for each checkpoint and cache state, in all and for each device."""

    def __init__(self) -> None:
        self._best: dict[tuple[str, ...], int] = {}

    def add(self, case: Case, measured: Measured | None) -> None:
        if measured is None:
            return
        for key in ((case.checkpoint, case.cache), (case.checkpoint, case.cache, case.device)):
            self._best[key] = min(measured.median_ns, self._best.get(key, measured.median_ns))

    def share(self, case: Case, measured: Measured | None) -> float | None:
        on_any_device = self._best.get((case.checkpoint, case.cache))
        best = self._best.get((case.checkpoint, case.cache, case.device), on_any_device)
        return None if best is None or measured is None else best / measured.median_ns
