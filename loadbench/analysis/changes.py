"""What is not the same on the machine, or in its software, in two runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from loadbench.records import Run, Session, Value

_EVER_CHANGING = ("load.", "memory.available_bytes", "memory.swap_free_bytes", "git.dirty")
_MACHINE = ("machine.id", "host.name", "cpu.model", "cpu.allowed_threads", "memory.total_bytes", "os.kernel")
_SAME_MACHINE = ("machine.id", "cpu.model", "cpu.allowed_threads")
"""An id alone is not enough: containers made from one image share theirs."""


@dataclass(frozen=True)
class Change:
    """A fact of the environment, or a version, that differs. None where it was not recorded."""

    name: str
    before: Value
    after: Value

    @property
    def text(self) -> str:
        """`tensorizer 2.12.1 → 2.13.0`."""
        before, after = ("nothing" if value is None else str(value) for value in (self.before, self.after))
        return f"{self.name.removeprefix('version.')} {before} → {after}"


def changes(before: Run, after: Run) -> tuple[Change, ...]:
    """All that changed from the last session of one run to the first of another: versions first."""
    return _changes(environment(before, before.sessions[-1]), environment(after, after.sessions[0]))


def changes_inside(run: Run) -> tuple[Change, ...]:
    """What changed while a run was interrupted: its records are mixed."""
    found: dict[str, Change] = {}
    first = run.sessions[0]
    for session in run.sessions[1:]:
        names = first.differences(session)
        found |= {name: Change(name, first.environment.get(name), session.environment.get(name)) for name in names}
    return tuple(found.values())


def machine_differences(one: Run, other: Run) -> tuple[Change, ...]:
    """How two machines differ: host, CPU, memory, GPU, storage, kernel. Empty for the same machine."""
    here, there = (run.sessions[0].environment for run in (one, other))
    gpus = [name for name in {**here, **there} if name.startswith("gpu.") and name.endswith(".name")]
    storage = {
        name: (info.storage, other.checkpoints[name].storage)
        for name, info in one.checkpoints.items()
        if name in other.checkpoints and info.storage and other.checkpoints[name].storage
    }
    moved = [Change(f"storage of {name}", *places) for name, places in storage.items() if places[0] != places[1]]
    if not moved and all(here.get(name) == there.get(name) for name in (*_SAME_MACHINE, *gpus)):
        return ()
    names = [*_MACHINE, *gpus, *_storage_facts({**here, **there})]
    return (*(change for change in _changes(here, there) if change.name in names), *moved)


def environment(run: Run, session: Session) -> dict[str, Value]:
    """The facts of a session that do not change by themselves, and all versions."""
    facts: dict[str, Value] = {"version.loadbench": run.loadbench_version}
    for info in run.loaders.values():
        facts |= {f"version.{name}": version for name, version in info.versions.items()}
    facts |= session.environment
    return {name: value for name, value in facts.items() if not name.startswith(_EVER_CHANGING)}


def _changes(here: dict[str, Value], there: dict[str, Value]) -> tuple[Change, ...]:
    found = [Change(name, here.get(name), there.get(name)) for name in {**here, **there}]
    differing = [change for change in found if change.before != change.after]
    return tuple(sorted(differing, key=lambda change: not change.name.startswith("version.")))


def _storage_facts(names: Iterable[str]) -> list[str]:
    ends = (".device", ".model", ".file_system")
    return [name for name in names if name.startswith("storage.checkpoint") and name.endswith(ends)]
