"""The sweep itself: rounds of trials in random order, each yielded as a record before the next one starts."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from loadbench.analysis.precision import rounds_wanted, samples_by_round
from loadbench.machine.secrets import redact
from loadbench.records import Case, Plan, Record
from loadbench.sweep.judge import judge
from loadbench.sweep.plan import round_order
from loadbench.sweep.processes import Context
from loadbench.sweep.supervise import Job, run_trial

ATTEMPTS = 3
"""A disturbed trial is queued again at the end of its round, twice at most."""
FAILURES_IN_A_ROW = 2
"""After so many failures one after the other a case is not tried in later rounds: a hang costs a whole timeout."""


@dataclass
class Progress:
    """What the records so far say is done. Made from stored records when a run is resumed."""

    finished: set[tuple[str, int]] = field(default_factory=set)
    """(case, round) pairs that need no further attempt."""
    attempts: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    failures_in_a_row: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    given_up: dict[str, str] = field(default_factory=dict)
    """Cases that are not tried any more, with the reason."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Cases that could not be tried at all, with the reason."""
    samples: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """The times that count: case to round to ns."""

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Progress":
        """The progress that these records stand for, in the order they were written."""
        progress = cls()
        for record in records:
            progress.add(record)
        return progress

    def add(self, record: Record) -> None:
        """Take a record into account."""
        name, key = record.case.name, (record.case.name, record.round)
        if record.status == "skipped":
            # Round 0: it could not be tried when the run was started. Whether it can now is for the caller to say.
            (self.given_up if record.round else self.skipped)[name] = record.reason
            return
        self.attempts[key] = max(self.attempts[key], record.attempt)
        if record.status != "disturbed" or record.attempt >= ATTEMPTS:
            self.finished.add(key)
        if record.status in ("failed", "timeout"):
            self.failures_in_a_row[name] += 1
        elif record.status != "disturbed":
            self.failures_in_a_row[name] = 0
        self.samples[name] |= samples_by_round([record])

    def open_cases(self, plan: Plan, cases: Iterable[Case], round_number: int) -> list[Case]:
        """The cases of a round that are still to be tried: not those that are precise enough already."""
        found = [
            case
            for case in cases
            if (case.name, round_number) not in self.finished
            and case.name not in self.given_up
            and round_number <= rounds_wanted(plan, case, self.samples[case.name])
        ]
        # A round of sentinels alone would be about nothing.
        contest = [case for case in cases if case not in plan.sentinels]
        return [] if contest and all(case in plan.sentinels for case in found) else found

    def trials_left(self, plan: Plan, jobs: Mapping[str, Job]) -> int:
        """Trials that the plan may still want of the cases that have a job: no disturbance, nobody precise early."""
        cases = [case for case in plan.cases if case.name in jobs]
        return sum(len(self.open_cases(plan, cases, number)) for number in range(1, plan.rounds + 1))


@dataclass
class Budget:
    """The time that a sweep may take. A round is only begun if what the last one took still fits."""

    seconds: float | None
    started: float = field(default_factory=time.monotonic)
    took: dict[str, float] = field(default_factory=dict)
    """Case to seconds of wall time of its latest trial."""
    ended: bool = False

    def allows(self, cases: Iterable[Case]) -> bool:
        """Whether a round of these cases fits. The first round always does, or nothing would be known."""
        if self.seconds is None or not self.took:
            return True
        cost = sum(self.took.get(case.name, 0.0) for case in cases)
        self.ended = time.monotonic() - self.started + cost > self.seconds
        return not self.ended


@dataclass(frozen=True)
class Bench:
    """Where and with what the trials of a run are done."""

    jobs: Mapping[str, Job]
    """By case name."""
    context: Context
    logs: Path
    session: int
    payload_bytes: Mapping[str, int]
    """By checkpoint."""
    tolerated: frozenset[str] = frozenset()
    """Causes that do not make a trial disturbed."""


def run_rounds(plan: Plan, progress: Progress, bench: Bench, budget: Budget) -> Iterator[Record]:
    """Every trial that is still open, round after round; the caller stores a record before it asks for the next."""
    for round_number in range(1, plan.rounds + 1):
        order = [case for case in round_order(plan.cases, plan.seed, round_number) if case.name in bench.jobs]
        queue = progress.open_cases(plan, order, round_number)
        if not budget.allows(queue):
            return
        while queue:
            again: list[Case] = []
            for case in queue:
                attempt = progress.attempts[case.name, round_number] + 1
                started = time.monotonic()
                record = one_trial(case, plan, bench, round_number, attempt)
                budget.took[case.name] = time.monotonic() - started
                progress.add(record)
                yield record
                if record.status == "disturbed" and record.attempt < ATTEMPTS:
                    again.append(case)
                elif progress.failures_in_a_row[case.name] >= FAILURES_IN_A_ROW and round_number < plan.rounds:
                    given_up = _given_up(record)
                    progress.add(given_up)
                    yield given_up
            queue = again


def one_trial(case: Case, plan: Plan, bench: Bench, round_number: int, attempt: int) -> Record:
    """One trial, judged, its log kept where it says something."""
    job = bench.jobs[case.name]
    log = bench.logs / log_name(plan, case, round_number, attempt)
    started_at = datetime.now(UTC)
    try:
        outcome = run_trial(job, bench.context, log, plan.timeout_s)
        record = judge(
            case,
            outcome,
            round_number=round_number,
            attempt=attempt,
            started_at=started_at,
            session=bench.session,
            isolation=plan.isolation,
            payload_bytes=bench.payload_bytes[case.checkpoint],
            stored_bytes=job.stored_bytes,
            tolerated=bench.tolerated,
        )
        return _with_log(record, log)
    except BaseException:
        log.unlink(missing_ok=True)
        raise


def log_name(plan: Plan, case: Case, round_number: int, attempt: int) -> str:
    """A short file name that no other trial of the run has."""
    number = next(index for index, other in enumerate(plan.cases, 1) if other.name == case.name)
    again = f"-attempt{attempt}" if attempt > 1 else ""
    return f"round{round_number:02d}-case{number:03d}-{case.loader}-{case.cache}{again}.log"


def _with_log(record: Record, log: Path) -> Record:
    """Keep the log of what did not succeed, secrets removed; a log that says nothing is not kept."""
    record = _without_secrets(record)
    with contextlib.suppress(FileNotFoundError):
        if record.status == "ok" or log.stat().st_size == 0:
            log.unlink()
        else:
            log.write_text(redact(log.read_text(encoding="utf-8", errors="replace")), encoding="utf-8")
            return record.model_copy(update={"log": f"{log.parent.name}/{log.name}"})
    return record


def _without_secrets(record: Record) -> Record:
    """Texts that come from a loader may hold what it was given in the environment."""
    settings = {key: redact(value) if isinstance(value, str) else value for key, value in record.settings.items()}
    path = record.path and record.path.model_copy(update={"evidence": redact(record.path.evidence)})
    return record.model_copy(update={"reason": redact(record.reason), "settings": settings, "path": path})


def skipped_records(plan: Plan, skipped: Mapping[str, str], progress: Progress, session: int) -> Iterator[Record]:
    """One record for every case that cannot be tried at all, unless the run has it already."""
    for case in plan.cases:
        if case.name in skipped and case.name not in {**progress.skipped, **progress.given_up}:
            yield Record(
                case=case,
                round=0,
                status="skipped",
                reason=redact(skipped[case.name]),
                started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                session=session,
                isolation=plan.isolation,
            )


def _given_up(record: Record) -> Record:
    """The record that says why a case is missing from the later rounds."""
    return Record(
        case=record.case,
        round=record.round + 1,
        status="skipped",
        reason=f"not tried again after {FAILURES_IN_A_ROW} failures in a row: {record.reason}",
        started_at=record.started_at,
        session=record.session,
        isolation=record.isolation,
    )
