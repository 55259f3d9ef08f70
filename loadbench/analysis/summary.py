"""A run's records, grouped by case: the figures, what does not count and why, and what bounds the case."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadbench.analysis.ceilings import Bottleneck, Bounds, CeilingCase, Ceilings, bottleneck
from loadbench.analysis.measured import Measured, measure, why_not_counted
from loadbench.analysis.precision import Precision, precision, rounds_wanted, samples_by_round
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
    """Rounds that the case should have had and that have no record."""
    missing_reason: str
    """Why they are missing, where the run says so."""
    precision: Precision | None
    """None where the case has no figure, and for a sentinel: it is tried in every round, however precise it is."""
    is_ceiling: bool
    is_sentinel: bool
    bounds: Bounds | None
    """What bounds the case; None without a figure, or where no ceiling was measured."""

    @property
    def ceiling_share(self) -> float | None:
        """The least time that is possible here over this case's median time."""
        if self.measured is None or self.bounds is None:
            return None
        return self.bounds.lower.ns / self.measured.median_ns

    @property
    def bottleneck(self) -> Bottleneck | None:
        """What its time goes to; a ceiling is nothing but its stage."""
        if self.measured is None or self.bounds is None or self.is_ceiling:
            return None
        return bottleneck(self.bounds, self.measured.median_ns)


@dataclass(frozen=True)
class RunSummary:
    """All cases of a run, in the order of the plan, and what bounds them."""

    cases: tuple[CaseSummary, ...]
    ceilings: Ceilings


def summarise(run: Run, records: Iterable[Record]) -> tuple[CaseSummary, ...]:
    """Every case that was planned or recorded, in the order of the plan."""
    return summarise_run(run, records).cases


def summarise_run(run: Run, records: Iterable[Record]) -> RunSummary:
    """The cases and the ceilings of a run."""
    records = tuple(records)  # alive, so that no two of their cases have the same id
    cases: dict[Hashable, Case] = {case.key: case for case in run.plan.cases}
    planned = set(cases)
    groups: dict[Hashable, list[Record]] = {key: [] for key in cases}
    counted: dict[Hashable, list[Record]] = {key: [] for key in cases}
    lost: dict[Hashable, list[tuple[Record, str]]] = {key: [] for key in cases}
    keys: dict[int, Hashable] = {}
    for record in records:
        # Records that were read share one object for each case.
        key = keys.get(id(record.case))
        if key is None:
            key = keys[id(record.case)] = record.case.key
            cases.setdefault(key, record.case)
            for by_case in (groups, counted, lost):
                by_case.setdefault(key, [])
        groups[key].append(record)
        reason = why_not_counted(record)
        if reason is None:
            counted[key].append(record)
        else:
            lost[key].append((record, reason))

    measured = {key: measure(group) for key, group in counted.items()}
    ceilings = Ceilings(run.ceilings, _ceiling_cases(run, cases, measured))
    sentinels = {case.key for case in run.plan.sentinels}
    wanted = _rounds_wanted(run, {key: groups[key] for key in planned}, cases, sentinels)
    missing = {key: _missing_rounds(groups[key], rounds) for key, rounds in wanted.items()}
    missing_reason = _missing_reason(run)
    summaries = []
    for number, (key, case) in enumerate(cases.items(), 1):
        its = measured[key]
        summaries.append(
            CaseSummary(
                number=number,
                case=case,
                measured=its,
                outcomes=_outcomes(lost[key], counted[key]),
                missing_rounds=missing.get(key, 0),
                missing_reason=missing_reason if missing.get(key) else "",
                precision=precision(run.plan, case, its.samples_ns) if its and key not in sentinels else None,
                is_ceiling=_is_ceiling(run, case),
                is_sentinel=key in sentinels,
                bounds=ceilings.bounds(case, its) if its else None,
            )
        )
    return RunSummary(tuple(summaries), ceilings)


def counts_by_status(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many trials of each status do not count and were not made up for in their round."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts[outcome.status] += outcome.count - outcome.repeated
    return {status: count for status, count in counts.items() if count}


def _outcomes(lost: Sequence[tuple[Record, str]], counted: Sequence[Record]) -> tuple[Outcome, ...]:
    if not lost:
        return ()
    good_attempt: dict[int, int] = {}
    for record in counted:
        good_attempt[record.round] = max(record.attempt, good_attempt.get(record.round, 0))
    counts: Counter[tuple[Status, str]] = Counter()
    repeated: Counter[tuple[Status, str]] = Counter()
    for record, reason in lost:
        counts[record.status, reason] += 1
        repeated[record.status, reason] += record.attempt < good_attempt.get(record.round, 0)
    return tuple(Outcome(*key, count=count, repeated=repeated[key]) for key, count in counts.items())


def _rounds_wanted(
    run: Run, groups: Mapping[Hashable, Sequence[Record]], cases: Mapping[Hashable, Case], sentinels: set[Hashable]
) -> dict[Hashable, int]:
    """How many rounds each planned case should have had. Sentinels are tried for as long as any other case is."""
    wanted = {
        key: 0 if _given_up(group) else rounds_wanted(run.plan, cases[key], samples_by_round(group))
        for key, group in groups.items()
    }
    others = [rounds for key, rounds in wanted.items() if key not in sentinels]
    return {
        key: min(rounds, max(others, default=rounds)) if key in sentinels else rounds for key, rounds in wanted.items()
    }


def _missing_rounds(records: Sequence[Record], wanted: int) -> int:
    return max(0, wanted - len({record.round for record in records if record.status != "skipped"}))


def _given_up(records: Sequence[Record]) -> bool:
    """Whether no round is missing, as the case could not be tried at all, or not any more.

    A skipped record of round 0 says so only for its session: the case may be tried after all when the run is resumed.
    """
    return any(record.status == "skipped" and (record.round > 0 or record is records[-1]) for record in records)


def _missing_reason(run: Run) -> str:
    return "the time budget was up" if run.sessions[-1].ended == "budget" else ""


def _is_ceiling(run: Run, case: Case) -> bool:
    info = run.loaders.get(case.loader)
    return info is not None and info.ceiling


def _ceiling_cases(
    run: Run, cases: Mapping[Hashable, Case], measured: Mapping[Hashable, Measured | None]
) -> list[CeilingCase]:
    return [
        CeilingCase(number, case, its)
        for number, (key, case) in enumerate(cases.items(), 1)
        if _is_ceiling(run, case) and (its := measured[key]) is not None
    ]
