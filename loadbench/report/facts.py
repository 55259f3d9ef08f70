"""What was measured, where and with what: a run's environment in a few lines, and how to repeat it."""

import shlex
from collections.abc import Iterable, Mapping

from loadbench.records import CheckpointInfo, Plan, Run, Session, Value
from loadbench.report.text import count, short
from loadbench.units import human_duration, human_size

Fact = tuple[str, str]
"""A label and its text."""

_STORAGE = "storage."
_FILE_SYSTEM = ".file_system"


def head_facts(run: Run) -> tuple[Fact, ...]:
    """Machine, storage, date, versions, checkpoints."""
    environment = run.sessions[0].environment
    facts = [
        ("Date", _dates(run.sessions)),
        ("Machine", _machine(environment)),
        ("System", _join(environment, "os.name", "os.kernel", "machine.virtualisation", "machine.container")),
        ("GPU", _gpus(environment)),
        *_storage(environment),
        *((f"Checkpoint {short(name)}", _checkpoint(info)) for name, info in run.checkpoints.items()),
        ("Versions", _versions(run, environment)),
    ]
    return tuple((label, text) for label, text in facts if text)


def repeat_facts(run: Run) -> tuple[Fact, ...]:
    """What must be the same for another run to be comparable."""
    plan = run.plan
    environment = run.sessions[0].environment
    commit = environment.get("git.commit")
    dirty = " with uncommitted changes" if environment.get("git.dirty") else ""
    facts = [
        ("Plan", _plan(plan)),
        ("Isolation", f"{plan.isolation}, time limit {human_duration(plan.timeout_s)} a trial"),
        ("Commit", f"{short(str(commit))}{dirty}" if commit else ""),
        *(
            (f"Checkpoint {short(name)}", short(f"digest {info.digest}{_made(info)}"))
            for name, info in run.checkpoints.items()
        ),
    ]
    return tuple((label, text) for label, text in facts if text)


def commands(run: Run) -> tuple[str, ...]:
    """The distinct command lines of the run, in order."""
    return tuple(dict.fromkeys(shlex.join(session.command) for session in run.sessions if session.command))


def _plan(plan: Plan) -> str:
    rounds = count(plan.rounds, "round")
    sentinels = f" ({count(len(plan.sentinels), 'sentinel')} among them)" if plan.sentinels else ""
    parts = [f"{count(len(plan.cases), 'case')}{sentinels} × {'up to ' if plan.ladder else ''}{rounds}"]
    if plan.ladder:
        wishes = ", ".join(f"±{100 * wish:g} % {cache}" for cache, wish in plan.precision.items())
        parts.append(f"a case stops at {wishes} after {', '.join(map(str, plan.ladder))} rounds")
    if plan.budget_s is not None:
        parts.append(f"time budget {human_duration(plan.budget_s)}")
    return ", ".join([*parts, f"order from seed {plan.seed}"])


def _made(info: CheckpointInfo) -> str:
    return f", made by {info.source}" if info.source else ""


def _dates(sessions: list[Session]) -> str:
    text = short(sessions[0].started_at)
    return f"{text}, resumed {len(sessions) - 1} ×, last {short(sessions[-1].started_at)}" if sessions[1:] else text


def _machine(environment: Mapping[str, Value]) -> str:
    parts = [_join(environment, "host.name", "machine.vendor", "machine.product", "cpu.model")]
    threads = environment.get("cpu.allowed_threads") or environment.get("cpu.threads")
    if threads:
        parts.append(f"{short(str(threads))} threads")
    memory = environment.get("memory.total_bytes")
    if isinstance(memory, int):
        parts.append(f"{human_size(memory)} memory")
    limit = environment.get("limit.group_memory_bytes")
    if isinstance(limit, int):
        parts.append(f"limited to {human_size(limit)}")
    return ", ".join(part for part in parts if part)


def _gpus(environment: Mapping[str, Value]) -> str:
    names = [key for key in environment if key.startswith("gpu.") and key.endswith(".name")]
    return _join(environment, *names, "gpu.driver", "gpu.rocm")


def _storage(environment: Mapping[str, Value]) -> Iterable[Fact]:
    """`storage.<place>.<fact>`: one line for the places that lie on the same storage."""
    places: dict[str, list[str]] = {}
    for key in environment:
        if key.startswith(_STORAGE) and key.endswith(_FILE_SYSTEM):
            place = key.removeprefix(_STORAGE).removesuffix(_FILE_SYSTEM)
            prefix = f"{_STORAGE}{place}."
            facts = ("file_system", "mount_options", "device", "model", "scheduler")
            text = _join(environment, *(prefix + fact for fact in facts))
            read_ahead = environment.get(f"{prefix}read_ahead_kb")
            if read_ahead is not None:
                text += f", read-ahead {short(str(read_ahead))} KiB"
            places.setdefault(text, []).append(short(place))
    for text, names in places.items():
        yield f"Storage of {', '.join(names)}", text


def _checkpoint(info: CheckpointInfo) -> str:
    files = "1 file" if info.files == 1 else f"{info.files} files"
    return f"{info.payload_bytes:,} bytes in {info.tensors:,} tensors; {files} of {info.file_bytes:,} bytes in all"


def _versions(run: Run, environment: Mapping[str, Value]) -> str:
    versions = {"loadbench": run.loadbench_version}
    python = environment.get("python.version")
    if python:
        versions["Python"] = str(python)
    torch = environment.get("version.torch")
    if torch:
        versions["torch"] = str(torch)
    for loader in run.loaders.values():
        versions |= loader.versions
    return ", ".join(f"{short(name)} {short(version)}" for name, version in versions.items())


def _join(environment: Mapping[str, Value], *keys: str) -> str:
    """The facts that are known, in this order."""
    values = (environment.get(key) for key in keys)
    return ", ".join(short(str(value)) for value in values if value not in (None, "", "none"))
