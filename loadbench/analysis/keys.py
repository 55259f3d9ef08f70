"""What is known about the trials of a case: its axes, its run and the machine, each fact under a key such as `threads`.

A projection (rows, columns, filter) may name any of these keys.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadbench.analysis.measured import why_not_counted
from loadbench.analysis.summary import CaseSummary
from loadbench.records import Case, Record, Run, Value

CONDITIONS = ("checkpoint", "cache", "device", "contract", "dtype")
"""What two figures must share to be compared."""
NOT_APPLICABLE = "N/A"
"""The value of a key that means nothing for a case, or that its run did not record."""
_IDENTITY = {
    "loadbench", "isolation", "machine.id", "host.name", "cpu.model", "os.kernel", "python.version", "gpu.driver",
    "checkpoint.digest", "checkpoint.storage",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """The trials that count of one case in one session of one run. None may count."""

    run: int
    """Which of the runs."""
    summary: CaseSummary
    """The case in its whole run."""
    records: tuple[Record, ...]
    own: Mapping[str, Value]
    """Keys of the case."""
    around: Mapping[str, Value]
    """Keys of the run and of the session."""

    def value(self, key: str) -> Value:
        """What is known under this key. A tunable that the sweep left alone is None, the library's default."""
        if key in self.own:
            return self.own[key]
        return self.around.get(key, NOT_APPLICABLE)


def points(
    number: int, label: str, run: Run, summaries: Sequence[CaseSummary], records: Iterable[Record]
) -> list[Point]:
    """All cases of a run, one point for each session in which trials of it count, one for a case without any."""
    counted: dict[object, dict[int, list[Record]]] = {}
    for record in records:
        if why_not_counted(record) is None:
            counted.setdefault(record.case.key, {}).setdefault(record.session, []).append(record)
    around = [_around(label, run, session) for session in range(len(run.sessions))]
    found = []
    for summary in summaries:
        for session, own in counted.get(summary.case.key, {0: []}).items():
            facts = around[session] if 0 <= session < len(around) else _around(label, run, None)
            found.append(Point(number, summary, tuple(own), _own(summary.case, run, own), facts))
    return found


def known_keys(found: Iterable[Point]) -> tuple[str, ...]:
    """Every key that means something for one of the points, those of the case first."""
    known = list(found)
    own = dict.fromkeys(key for point in known for key in point.own)
    around = dict.fromkeys(key for keys in {id(point.around): point.around for point in known}.values() for key in keys)
    return tuple(own | around)


def tunables_in(found: Iterable[Point]) -> tuple[str, ...]:
    """The tunables that were set in any of the points, by name."""
    return tuple(sorted({name for point in found for name in point.summary.case.tunables}))


def identity_keys(found: Iterable[Point]) -> tuple[str, ...]:
    """The keys of machine, software and files: where they differ, so may the times of one and the same case."""
    return tuple(key for key in known_keys(found) if key in _IDENTITY or _names_hardware_or_version(key))


def values_of(found: Iterable[Point], key: str) -> tuple[Value, ...]:
    """The different values of a key, in the order of the points."""
    return tuple(dict.fromkeys(point.value(key) for point in found))


def _names_hardware_or_version(key: str) -> bool:
    if key.startswith("version."):
        return key != "version.loadbench"  # as loadbench
    return key.startswith("gpu.") and key.endswith(".name")


def _own(case: Case, run: Run, records: Sequence[Record]) -> dict[str, Value]:
    """A tunable stands under its name, and as `loader.name` too; what a loader says it used as `settings.name`."""
    info = run.loaders.get(case.loader)
    tunables: dict[str, Value] = {tunable.name: None for tunable in info.tunables} if info else {}
    tunables |= case.tunables
    checkpoint = run.checkpoints.get(case.checkpoint)
    facts: dict[str, Value] = {}
    if checkpoint:
        facts = {
            "checkpoint.bytes": checkpoint.payload_bytes,
            "checkpoint.tensors": checkpoint.tensors,
            "checkpoint.files": checkpoint.files,
            "checkpoint.digest": checkpoint.digest,
            "checkpoint.storage": checkpoint.storage or NOT_APPLICABLE,
        }
    used = {f"settings.{name}": value for name, value in (records[0].settings if records else {}).items()}
    axes: dict[str, Value] = {"loader": case.loader, **{key: str(getattr(case, key)) for key in CONDITIONS}}
    qualified = {f"{case.loader}.{name}": value for name, value in tunables.items()}
    return {**axes, **tunables, **axes, **facts, **used, **qualified}


def _around(label: str, run: Run, session: int | None) -> dict[str, Value]:
    """What a session recorded about itself comes before what the run says once for all."""
    versions = {f"version.{name}": text for info in run.loaders.values() for name, text in info.versions.items()}
    facts: dict[str, Value] = {"run": label, "loadbench": run.loadbench_version, "isolation": run.plan.isolation}
    if session is None:
        return {**versions, **facts}
    own = run.sessions[session]
    return {**versions, **own.environment, **facts, "date": own.started_at}
