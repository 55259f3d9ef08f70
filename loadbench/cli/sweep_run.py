"""The parts of a sweep that talk while they work: preparing, the ceilings, the rounds."""

import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from loadbench import __version__, loaders, store
from loadbench.analysis.verdict import busy, inconclusive
from loadbench.checkpoints.cache import default_cache_dir
from loadbench.checkpoints.checkpoint import Checkpoint
from loadbench.cli.bytes_progress import bytes_progress
from loadbench.cli.progress import display
from loadbench.errors import Interrupted, UsageError
from loadbench.machine.environment import collect
from loadbench.machine.secrets import redact_command
from loadbench.records import Ceiling, Plan, Record, Run, Session
from loadbench.sweep.description import describe_loader
from loadbench.sweep.inputs import Inputs, prepare_inputs
from loadbench.sweep.options import SweepOptions
from loadbench.sweep.plan import Planned, plan_cases
from loadbench.sweep.processes import process_context
from loadbench.sweep.rounds import Bench, Budget, Progress, run_rounds, skipped_records


def check_cases(options: SweepOptions) -> None:
    """Find a mistake in the axes, or a device that is not there, before anything slow is done."""
    if all(reasons := [planned.skip for planned in plan_cases(options, "checkpoint")]):
        raise UsageError(f"no case of this sweep can run here: {'; '.join(dict.fromkeys(reasons))}.")
    if not options.loader:
        for broken in loaders.importable()[1]:
            say(f"left out: {broken}")


def measure_ceilings(checkpoints: Sequence[Checkpoint], options: SweepOptions, session: int = 0) -> list[Ceiling]:
    """What storage, memory and the links to the devices allow for each checkpoint."""
    from loadbench.probe.ceilings import probe

    context = process_context(options.isolation)
    found = []
    for checkpoint in checkpoints:
        with bytes_progress(f"measuring the ceilings of {checkpoint.name}") as progress:
            probed = probe(checkpoint.files, checkpoint.name, options.device, context, progress)
        for missing in probed.missing:
            say(f"no ceiling of {checkpoint.name}: {missing}")
        found += [ceiling.model_copy(update={"session": session}) for ceiling in probed.ceilings]
    return found


def prepare(
    checkpoints: Sequence[Checkpoint], planned: Sequence[Planned], options: SweepOptions, cleanup: ExitStack
) -> Inputs:
    """Convert and hash, with a display."""
    return prepare_inputs(checkpoints, planned, options, cleanup, bytes_progress)


def run_file(
    out: Path,
    plan: Plan,
    inputs: Inputs,
    ceilings: list[Ceiling],
    checkpoints: Sequence[Checkpoint],
    sessions: list[Session],
    command: Sequence[str] = (),
) -> Run:
    """run.json's contents, with this invocation as the last session; `command` where it is not this process's own."""
    places = {"checkpoint": checkpoints[0].files[0], "cache": default_cache_dir(), "results": out}
    session = Session(
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=redact_command(list(command) or ["loadbench", *sys.argv[1:]]),
        environment=collect(places),
    )
    names = dict.fromkeys(case.loader for case in plan.cases)
    return Run(
        loadbench_version=__version__,
        name=out.resolve().name,
        plan=plan,
        sessions=[*sessions, session],
        checkpoints=dict(inputs.infos),
        loaders={name: describe_loader(name, plan.cases[0].device) for name in names},
        ceilings=ceilings,
    )


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Say it where Ctrl-C ends a sweep that has no run yet."""
    try:
        yield
    except Interrupted:
        say("interrupted before the first trial: there is nothing to resume. Start it again with the same command.")
        raise


def measure_rounds(
    writer: store.RunWriter, inputs: Inputs, records: Sequence[Record], options: SweepOptions, budget: Budget
) -> int:
    """Run what is open of the plan; every record is on disk before the next trial starts. The exit code."""
    plan, session = writer.run.plan, len(writer.run.sessions) - 1
    progress = Progress.of(records)
    for record in _skip(writer, inputs, progress, session):
        progress.add(record)
    bench = Bench(
        jobs=inputs.jobs,
        context=process_context(plan.isolation),
        logs=writer.path / store.LOGS,
        session=session,
        payload_bytes={name: info.payload_bytes for name, info in inputs.infos.items()},
        tolerated=options.tolerated,
    )
    say(f"{progress.trials_left(plan, inputs.jobs)} trials at the most, results in {writer.path}")
    done = list(records)
    advice = ""
    try:
        with display(plan, lambda: progress.trials_left(plan, inputs.jobs), budget) as shown:
            for record in run_rounds(plan, progress, bench, budget):
                writer.append(record)
                shown.show(record)
                done.append(record)
                if not advice and (advice := busy(done)):
                    say(advice)
    except Interrupted:
        writer.end("interrupted")
        say(f"interrupted; every finished trial is in {writer.path}. To continue:")
        say(f"  loadbench sweep --resume --out {shlex.quote(str(writer.path))}")
        return 130
    return _close(writer, done, progress.trials_left(plan, inputs.jobs) if budget.ended else 0)


def _skip(writer: store.RunWriter, inputs: Inputs, progress: Progress, session: int) -> Iterator[Record]:
    """Record the cases that cannot be tried, and say why."""
    counts: Counter[str] = Counter()
    for record in skipped_records(writer.run.plan, inputs.skipped, progress, session):
        writer.append(record)
        counts[f"{record.case.loader}: {record.reason}"] += 1
        yield record
    for reason, count in counts.items():
        say(f"skipped {count} {'case' if count == 1 else 'cases'} of {reason}")


def _close(writer: store.RunWriter, records: list[Record], left: int) -> int:
    """Say how it ended. The exit code."""
    where = shlex.quote(str(writer.path))
    writer.end("budget" if left else "complete")
    if left:
        say(f"the budget is used up with up to {left} trials left; to go on: loadbench sweep --resume --out {where}")
    say(f"done. See it with: loadbench report {where}")
    statuses = {record.status for record in records}
    if "invalid" in statuses or "ok" not in statuses:
        return 4
    if doubt := inconclusive(records):
        say(doubt)
        say("loadbench doctor tells what disturbs this machine; --tolerate, what need not be judged")
        return 3
    return 0


def default_out(checkpoint: str) -> Path:
    """`results/CHECKPOINT-DATE-TIME`."""
    name = Path(checkpoint).resolve().name.removesuffix(".safetensors")
    return Path("results") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"


def say(text: str) -> None:
    """Talk goes to stderr."""
    print(text, file=sys.stderr, flush=True)
