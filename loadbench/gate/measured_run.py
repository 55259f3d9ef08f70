"""A stored run as a gate sees it: its contestants by name, its versions, and what puts it in doubt as a whole."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from loadbench.analysis.changes import changes_inside
from loadbench.analysis.measured import why_not_counted
from loadbench.analysis.summary import CaseSummary, summarise_run
from loadbench.analysis.verdict import inconclusive
from loadbench.errors import StoreError, UsageError
from loadbench.gate.trouble import trouble
from loadbench.records import Case, Record, Run
from loadbench.store import StoredRun

CaseKey = tuple[str, str]
"""Name of the case and digest of its checkpoint: what must be the same for two runs to try the same thing."""


@dataclass(frozen=True)
class MeasuredRun:
    """A run with its figures."""

    stored: StoredRun
    summaries: tuple[CaseSummary, ...]
    """Of all cases, the ceilings among them."""

    @property
    def run(self) -> Run:
        """What run.json says."""
        return self.stored.run

    @property
    def text(self) -> str:
        """Its name and when it began."""
        return f"{self.run.name} of {self.started_at}"

    @property
    def started_at(self) -> str:
        """ISO 8601, UTC."""
        return self.run.sessions[0].started_at

    @property
    def identity(self) -> tuple[str, str, int]:
        """The same for a run and all copies of it."""
        machine = self.run.sessions[0].environment.get("machine.id")
        return str(machine), self.started_at, self.run.plan.seed

    @cached_property
    def contestants(self) -> dict[CaseKey, CaseSummary]:
        """Every case that is no ceiling and that this machine could try."""
        skipped = self.skipped
        found = {self.key(one.case): one for one in self.summaries if not one.is_ceiling}
        return {key: one for key, one in found.items() if key not in skipped}

    @cached_property
    def skipped(self) -> dict[CaseKey, str]:
        """Cases that could not be tried here at all, such as loaders for a GPU without one, and why."""
        found = {self.key(one.case): self.records(one.case) for one in self.summaries if not one.is_ceiling}
        return {
            key: records[0].reason
            for key, records in found.items()
            if records and all(record.status == "skipped" for record in records)
        }

    def key(self, case: Case) -> CaseKey:
        """What the case is called in every run that has it."""
        info = self.run.checkpoints.get(case.checkpoint)
        return case.name, info.digest if info else ""

    @cached_property
    def _records(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.stored.records:
            found.setdefault(record.case.name, []).append(record)
        return found

    def records(self, case: Case) -> list[Record]:
        """All records of a case."""
        return self._records.get(case.name, [])

    def versions(self) -> dict[str, str]:
        """Versions of the loaders' packages."""
        return {name: version for info in self.run.loaders.values() for name, version in info.versions.items()}

    def trouble(self, side: str, summary: CaseSummary) -> str:
        """Why a case counts for nothing; empty if it does, and where trials are only disturbed or missing."""
        records = self.records(summary.case)
        impossible = next((why for one in records if one.status == "ok" and (why := why_not_counted(one))), "")
        if impossible:
            return f"{side} has an {impossible}"
        if any(record.settings.get("handicap") for record in records):
            return f"{side} was slowed down on purpose, by the gate's self-test"
        if summary.measured is None and all(record.status == "disturbed" for record in records):
            return ""
        return trouble(side, summary, records)

    def doubt(self, summary: CaseSummary) -> str:
        """Why a figure of this case decides nothing; empty if it may."""
        measured = summary.measured
        if measured and measured.trend and measured.trend.unsteady:
            return f"UNSTEADY: its time changed by {100 * measured.trend.drift:+.0f} % over the run"
        return self.incomplete(summary)

    def incomplete(self, summary: CaseSummary) -> str:
        """That planned rounds are missing and no budget explains it; empty if none are."""
        if summary.missing_rounds and not summary.missing_reason:
            rounds = "round was" if summary.missing_rounds == 1 else "rounds were"
            return f"{summary.missing_rounds} planned {rounds} not recorded: loadbench sweep --resume continues the run"
        return ""

    def disorder(self) -> str:
        """Why the run as a whole decides nothing, whatever its cases say; empty if it may."""
        if why := inconclusive(self.stored.records):
            return why.removeprefix("INCONCLUSIVE: ")
        ended = self.run.sessions[-1].ended
        return "it was interrupted: loadbench sweep --resume continues it" if ended == "interrupted" else ""

    def mixture(self) -> str:
        """What changed inside the run that must not; a boot may."""
        changed = [change.text for change in changes_inside(self.run) if change.name != "machine.boot_id"]
        return (
            f"it was resumed after a change ({', '.join(changed)}), so its records are of two things" if changed else ""
        )

    def boots(self) -> set[str]:
        """The boots of the machine that its records are from."""
        return {str(session.environment.get("machine.boot_id")) for session in self.run.sessions}


def measured_run(stored: StoredRun) -> MeasuredRun:
    """The figures of a run. One that cannot be what a sweep wrote is an error."""
    summaries = summarise_run(stored.run, stored.records).cases
    _names_once(stored, (summary.case.name for summary in summaries))
    _no_copies(stored)
    return MeasuredRun(stored, summaries)


def _no_copies(stored: StoredRun) -> None:
    """A record that is there twice would be a trial that never was."""
    trials = Counter((one.case.name, one.round, one.attempt, one.session) for one in stored.records if one.round)
    twice = next((trial for trial, times in trials.items() if times > 1), None)
    if twice:
        raise StoreError(
            f"{stored.path} has the record of {twice[0]} in round {twice[1]}, attempt {twice[2]}, twice: its files "
            "were changed. Put them back as they were written."
        )


def _names_once(stored: StoredRun, names: Iterable[str]) -> None:
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice:
        raise UsageError(f"{stored.path} has two cases with the name {twice}, which cannot be told apart.")
