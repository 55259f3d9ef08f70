"""What a folder of runs says about one machine: its series, each one loader with one setting on several checkpoints."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from loadbench.analysis.ceilings import CeilingCase, Ceilings, past_the_page_cache
from loadbench.analysis.cost_model import Observation
from loadbench.analysis.summary import CaseSummary, summarise_run
from loadbench.errors import ResultsError, UsageError, unknown_name
from loadbench.records import Case, Ceiling, CheckpointInfo, LoaderInfo, Run
from loadbench.report.cells import USUAL, set_tunables
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
    delivered_share: float
    """Bytes that arrived over bytes in the file, where a load converts: the least of its checkpoints."""


@dataclass(frozen=True)
class Pool:
    """All that the runs of one machine say."""

    machine: Machine
    series: tuple[Series, ...]
    ceilings: Mapping[str, Ceilings]
    """By storage, of all runs together."""
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
    delivered_share: float = inf

    def add(self, summary: CaseSummary, checkpoint: CheckpointInfo) -> None:
        """Count the trials of one case."""
        measured = summary.measured
        if measured is not None and checkpoint.payload_bytes and checkpoint.tensors:
            key = (summary.case.checkpoint, checkpoint.digest)
            self.checkpoints[key] = checkpoint
            self.samples.setdefault(key, []).extend(measured.samples_ns)
            self.past_cache &= past_the_page_cache(measured)
            self.delivered_share = min(self.delivered_share, measured.delivered_bytes / max(1, measured.payload_bytes))

    def series(self) -> Series:
        """As it is then."""
        observations = tuple(
            Observation(name, info.payload_bytes, info.tensors, info.files, tuple(self.samples[name, digest]))
            for (name, digest), info in self.checkpoints.items()
        )
        return Series(
            case=self.case,
            isolation=self.isolation,
            storage=self.storage,
            versions=self.info.versions,
            info=self.info,
            observations=observations,
            past_cache=self.past_cache,
            delivered_share=self.delivered_share,
        )


def series_text(series: Series, *, storage: bool = False) -> str:
    """A series on one line; with its storage if there are several."""
    return " ".join([short(series.case.loader), series.case.cache, settings_text(series, storage=storage)]).strip()


def settings_text(series: Series, *, storage: bool = False) -> str:
    """What is not the usual: conditions, isolation, tunables that the sweep set; the storage if there are several."""
    case = series.case
    conditions = {"device": case.device, "contract": case.contract, "dtype": case.dtype}
    parts = [f"{name}={short(value)}" for name, value in conditions.items() if value != USUAL[name]]
    parts += [f"isolation={series.isolation}"] if series.isolation != "fork" else []
    parts += [f"on {short(series.storage)}"] if storage else []
    parts.append(set_tunables(case, {case.loader: series.info}))
    return " ".join(part for part in parts if part)


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
        run = one.run
        summary = summarise_run(run, one.records)
        for ceiling in run.ceilings:
            probed.setdefault(_storage(run, ceiling.checkpoint), []).append(ceiling)
        for trial in summary.ceilings.tried:
            tried.setdefault(_storage(run, trial.case.checkpoint), []).append(trial)
        for case in summary.cases:
            if case.is_ceiling or case.measured is None or case.case.checkpoint not in run.checkpoints:
                continue
            info = run.loaders.get(case.case.loader, LoaderInfo(versions={}))
            if info.versions != newest.get(case.case.loader, {}):
                notes.append(_older(case.case.loader, info.versions, newest[case.case.loader]))
                continue
            storage = _storage(run, case.case.checkpoint)
            key = (_conditions(case.case), run.plan.isolation, storage)
            group = groups.setdefault(key, _Group(case.case, run.plan.isolation, storage, info))
            group.add(case, run.checkpoints[case.case.checkpoint])
    storages = {group.storage for group in groups.values()}
    return Pool(
        machine=chosen,
        series=tuple(group.series() for group in groups.values() if group.samples),
        ceilings={name: Ceilings(probed.get(name, ()), tried.get(name, ())) for name in storages},
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


def _storage(run: Run, checkpoint: str) -> str:
    """Where a checkpoint of the run lay: a series of two storages would be none.

    Older runs know it of their first checkpoint only, which then has to stand for all.
    """
    info = run.checkpoints.get(checkpoint)
    if info is not None and info.storage:
        return info.storage
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
