"""What a folder of runs says about one machine: its series, each one loader with one setting on several checkpoints."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from loadbench.analysis.ceilings import CeilingCase, past_the_page_cache
from loadbench.analysis.cost_model import Observation
from loadbench.analysis.summary import CaseSummary, summarise_run
from loadbench.errors import ResultsError, UsageError, unknown_name
from loadbench.records import Case, Ceiling, CheckpointInfo, LoaderInfo, Run
from loadbench.report.facts import commands
from loadbench.report.text import count, short
from loadbench.store import StoredRun


@dataclass(frozen=True)
class Machine:
    """A machine that runs were made on, as it was in the last of them. `memory_bytes` is what a process may use."""

    id: str
    host: str
    memory_bytes: int | None
    runs: int


@dataclass(frozen=True)
class Series:
    """What is alike but for the checkpoint. The case's own checkpoint means nothing."""

    case: Case
    isolation: str
    storage: str
    versions: dict[str, str]
    info: LoaderInfo
    observations: tuple[Observation, ...]
    past_cache: bool
    """Whether its bytes came from storage although the page cache may have held them."""


@dataclass(frozen=True)
class StorageCeilings:
    """How fast one storage's stages were in any run: as probed before the rounds, and as tried in them."""

    probed: tuple[Ceiling, ...]
    tried: tuple[CeilingCase, ...]


@dataclass(frozen=True)
class Pool:
    """All that the runs of one machine say."""

    machine: Machine
    series: tuple[Series, ...]
    ceilings: Mapping[str, StorageCeilings]
    """By storage."""
    checkpoints: Mapping[str, CheckpointInfo]
    commands: tuple[str, ...]
    notes: tuple[str, ...]
    """What was left out, and why."""


@dataclass
class _Group:
    """A series while it is put together. Samples are by the checkpoint's name and contents."""

    case: Case
    isolation: str
    storage: str
    info: LoaderInfo
    checkpoints: dict[tuple[str, str], CheckpointInfo] = field(default_factory=dict)
    samples: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    past_cache: bool = True

    def add(self, summary: CaseSummary, checkpoint: CheckpointInfo) -> None:
        """Count the trials of one case."""
        if summary.measured is not None and checkpoint.payload_bytes and checkpoint.tensors:
            key = (summary.case.checkpoint, checkpoint.digest)
            self.checkpoints[key] = checkpoint
            self.samples.setdefault(key, []).extend(summary.measured.samples_ns)
            self.past_cache &= past_the_page_cache(summary.measured)

    def series(self) -> Series:
        """As it is then."""
        observations = tuple(
            Observation(name, info.payload_bytes, info.tensors, info.files, tuple(self.samples[name, digest]))
            for (name, digest), info in self.checkpoints.items()
        )
        return Series(
            self.case, self.isolation, self.storage, self.info.versions, self.info, observations, self.past_cache
        )


def pool(stored: Sequence[StoredRun], machine: str | None) -> Pool:
    """The runs of one machine, put together; the one that is named by id or host, where there are several."""
    chosen = _choose(machines(one.run for one in stored), machine)
    own = sorted((one for one in stored if _machine_id(one.run) == chosen.id), key=lambda one: _last_start(one.run))
    newest = {name: info.versions for one in own for name, info in one.run.loaders.items() if _has_figures(one, name)}
    groups: dict[Hashable, _Group] = {}
    probed: dict[str, list[Ceiling]] = {}
    tried: dict[str, list[CeilingCase]] = {}
    notes = []
    for one in own:
        run, storage = one.run, _storage(one.run)
        summary = summarise_run(run, one.records)
        probed.setdefault(storage, []).extend(run.ceilings)
        tried.setdefault(storage, []).extend(summary.ceilings.tried)
        for case in summary.cases:
            if case.is_ceiling or case.measured is None or case.case.checkpoint not in run.checkpoints:
                continue
            info = run.loaders.get(case.case.loader, LoaderInfo(versions={}))
            if info.versions != newest.get(case.case.loader, {}):
                notes.append(_older(case.case.loader, info.versions, newest[case.case.loader]))
                continue
            key = (_conditions(case.case), run.plan.isolation, storage)
            group = groups.setdefault(key, _Group(case.case, run.plan.isolation, storage, info))
            group.add(case, run.checkpoints[case.case.checkpoint])
    return Pool(
        machine=chosen,
        series=tuple(group.series() for group in groups.values() if group.samples),
        ceilings={name: StorageCeilings(tuple(probed[name]), tuple(tried[name])) for name in probed},
        checkpoints={name: info for one in own for name, info in one.run.checkpoints.items()},
        commands=tuple(dict.fromkeys(command for one in own for command in commands(one.run))),
        notes=tuple(dict.fromkeys(notes)),
    )


def machines(runs: Iterable[Run]) -> list[Machine]:
    """The machines of runs, in the order in which they appear."""
    by_id: dict[str, list[Run]] = {}
    for run in runs:
        by_id.setdefault(_machine_id(run), []).append(run)
    found = []
    for name, own in by_id.items():
        environment = max(own, key=_last_start).sessions[-1].environment
        memory = [environment.get(key) for key in ("memory.total_bytes", "limit.group_memory_bytes")]
        least = min((value for value in memory if isinstance(value, int)), default=None)
        found.append(Machine(name, str(environment.get("host.name", "unknown")), least, len(own)))
    return found


def select(found: Sequence[Series], loaders: Sequence[str], caches: Sequence[str]) -> list[Series]:
    """The series of these loaders and cache states; of all where none is named."""
    for name in loaders:
        if name not in {series.case.loader for series in found}:
            raise unknown_name("loader", name, {series.case.loader for series in found}, "these results")
    chosen = [
        series
        for series in found
        if (not loaders or series.case.loader in loaders) and (not caches or series.case.cache in caches)
    ]
    if not chosen:
        raise ResultsError("No trial in these results counts for this. Sweep first, or ask for more loaders or caches.")
    return chosen


def _choose(found: Sequence[Machine], wanted: str | None) -> Machine:
    matching = [one for one in found if wanted in (None, one.id, one.host)]
    if len(matching) == 1:
        return matching[0]
    listed = "; ".join(f"{short(one.id)} (host {short(one.host)}, {count(one.runs, 'run')})" for one in found)
    if wanted is not None and not matching:
        raise UsageError(f"--machine {wanted}: no run is from it. These are: {listed}.")
    raise UsageError(f"The runs are from {len(matching)} machines: {listed}. Choose one with --machine ID.")


def _machine_id(run: Run) -> str:
    return str(run.sessions[0].environment.get("machine.id", "unknown"))


def _last_start(run: Run) -> str:
    return max(session.started_at for session in run.sessions)


def _storage(run: Run) -> str:
    """Where the run's checkpoints lay: a series of two storages would be none."""
    facts = (run.sessions[0].environment.get(f"storage.checkpoint.{key}") for key in ("device", "file_system"))
    return " ".join(str(fact) for fact in facts if fact) or "unknown"


def _has_figures(stored: StoredRun, loader: str) -> bool:
    return any(record.case.loader == loader and record.status == "ok" for record in stored.records)


def _conditions(case: Case) -> Hashable:
    tunables = tuple(sorted(case.tunables.items()))
    return case.loader, case.device, case.cache, case.contract, case.dtype, tunables


def _older(loader: str, versions: Mapping[str, str], newest: Mapping[str, str]) -> str:
    return f"{loader}: trials of {_versions(versions)} are left out; {_versions(newest)} was measured last"


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or "an unknown version"
