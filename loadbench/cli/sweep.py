"""`loadbench sweep`: the main job."""

import shlex
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from loadbench.checkpoints.checkpoint import Checkpoint
    from loadbench.records import Run
    from loadbench.store import StoredRun
    from loadbench.sweep.inputs import Inputs
    from loadbench.sweep.options import SweepOptions
    from loadbench.sweep.plan import Planned

_AXES = "Axes"
_HOW = "How it is measured"


def sweep(
    checkpoint: Annotated[
        str | None,
        typer.Argument(help="Directory or .safetensors file, or the name of a model to make: gpt2 (default), ..."),
    ] = None,
    loader: Annotated[
        str | None, typer.Option(help="Loaders, such as safetensors-mmap,runai-streamer. Default: all.")
    ] = None,
    threads: Annotated[
        str | None, typer.Option(help="For loaders that have threads: 8,16,32 or 1..64*2.", rich_help_panel=_AXES)
    ] = None,
    buffer: Annotated[
        str | None, typer.Option(help="For loaders that have a buffer: 8M,16M,32M.", rich_help_panel=_AXES)
    ] = None,
    concurrency: Annotated[
        str | None, typer.Option(help="For loaders that have it: 1,4,8,16.", rich_help_panel=_AXES)
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOADER.TUNABLE=VALUES", help="Any single tunable; may be given again.", rich_help_panel=_AXES
        ),
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="auto keeps the file's; F16, BF16, F32 convert.", rich_help_panel=_AXES)
    ] = None,
    cache: Annotated[
        str | None, typer.Option(help="cold, warm or both. Default: cold,warm.", rich_help_panel=_AXES)
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda:0, ... Default: cpu.", rich_help_panel=_AXES)] = None,
    contract: Annotated[
        str | None, typer.Option(help="What counts as loaded: owned (default), stream, touched.", rich_help_panel=_AXES)
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(help="How often every case is tried. Default: 6.", rich_help_panel=_HOW)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the order of trials. Default: a new one.", rich_help_panel=_HOW)
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(help="A trial that hangs so long is killed. Default: 10m.", rich_help_panel=_HOW)
    ] = None,
    isolation: Annotated[
        str | None,
        typer.Option(help="fork from a warm process (default), or spawn a new interpreter.", rich_help_panel=_HOW),
    ] = None,
    cold_by: Annotated[
        str | None, typer.Option(help="auto (default), fadvise, drop_caches, copy.", rich_help_panel=_HOW)
    ] = None,
    memory_limit: Annotated[
        str | None,
        typer.Option(help="What a trial may allocate, such as 16G. Default: what is free.", rich_help_panel=_HOW),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with the same options; flags win over it.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory of the run. Default: results/CHECKPOINT-DATE-TIME.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run in --out; start it if there is none.")
    ] = False,
) -> None:
    """Measure every loader with every setting, in random order, each trial in a process of its own.

    Values are comma lists (8,16,32), sizes with a unit (8M is 8 MiB) or ranges (1..64*2, 4..16+4).

    Example: loadbench sweep --threads 8,16,32 --buffer 8M,16M,32M
    """
    from loadbench import store
    from loadbench.cli.sweep_options import asked_options
    from loadbench.errors import UsageError

    given = {
        "checkpoint": checkpoint, "loader": loader, "dtype": dtype, "cache": cache, "device": device,
        "contract": contract, "rounds": rounds, "seed": seed, "timeout": timeout, "isolation": isolation,
        "cold_by": cold_by, "memory_limit": memory_limit,
    }  # fmt: skip
    axes = {"threads": threads, "buffer": buffer, "concurrency": concurrency}
    asked = asked_options(given, axes, set or [], config)
    if resume and out is None:
        raise UsageError("--resume needs --out, the directory of the run to continue.")
    if resume and dry_run:
        raise UsageError("--resume and --dry-run exclude each other: a resumed run has its plan in run.json.")
    if resume and out is not None and store.has_run(out):
        code = _continue(store.read_run(out), asked)
    else:
        code = _start(asked, out, dry_run)
    raise typer.Exit(code)


def _start(asked: dict[str, Any], out: Path | None, dry_run: bool) -> int:
    """A new run: plan, prepare, measure."""
    from loadbench import loaders, store
    from loadbench.cli.checkpoints import check_name, named_checkpoint
    from loadbench.errors import UsageError
    from loadbench.records import Plan
    from loadbench.sweep.options import SweepOptions, options_to_json
    from loadbench.sweep.plan import plan_cases
    from loadbench.sweep.processes import start_zygote

    options = SweepOptions(**asked)
    if dry_run:
        from loadbench.cli.plan_text import plan_text

        print(plan_text(options))
        return 0
    # A mistake in the axes, and a device that is not there, are found before anything slow is done.
    if all(reasons := [planned.skip for planned in plan_cases(options, "checkpoint")]):
        raise UsageError(f"no case of this sweep can run here: {'; '.join(dict.fromkeys(reasons))}.")
    if not options.loader:
        for broken in loaders.importable()[1]:
            _say(f"left out: {broken}")
    check_name(options.checkpoint)
    out = out or _default_out(options.checkpoint)
    store.reserve(out)
    start_zygote("spawn" if options.isolation == "spawn" else "fork")
    with ExitStack() as cleanup:
        cleanup.callback(store.release, out)
        checkpoint = named_checkpoint(options.checkpoint)
        planned = plan_cases(options, checkpoint.name)
        plan = Plan(
            cases=[p.case for p in planned],
            rounds=options.rounds,
            seed=_seed(options),
            isolation="spawn" if options.isolation == "spawn" else "fork",
            timeout_s=options.timeout,
            options=options_to_json(options),
        )
        inputs = _inputs(checkpoint, planned, options, cleanup)
        writer = store.RunWriter.create(out, _run(out, plan, inputs, checkpoint, []))
        cleanup.callback(writer.close)
        return _measure(writer, inputs, ())


def _continue(stored: "StoredRun", asked: dict[str, Any]) -> int:
    """A run that was interrupted: the same plan, the same checkpoint, what is missing."""
    from loadbench import store
    from loadbench.cli.checkpoints import named_checkpoint
    from loadbench.cli.sweep_options import check_same
    from loadbench.errors import CheckpointError
    from loadbench.sweep.options import options_from_json
    from loadbench.sweep.plan import Planned, plan_cases

    plan = stored.run.plan
    options = options_from_json(plan.options)
    check_same(asked, options, stored)
    for warning in stored.warnings:
        _say(warning)
    (name, known), *_ = stored.run.checkpoints.items()
    checkpoint = replace(named_checkpoint(known.path if Path(known.path).exists() else options.checkpoint), name=name)
    skips = {planned.case.name: planned.skip for planned in plan_cases(options, name)}
    planned = [Planned(case, skips.get(case.name, "")) for case in plan.cases]
    with ExitStack() as cleanup:
        inputs = _inputs(checkpoint, planned, options, cleanup)
        if inputs.info.digest != known.digest:
            raise CheckpointError(
                f"{checkpoint.path} has other contents than when {stored.path} was started. Start a new run."
            )
        run = _run(stored.path, plan, inputs, checkpoint, list(stored.run.sessions))
        writer = store.RunWriter.resume(stored, run)
        cleanup.callback(writer.close)
        return _measure(writer, inputs, stored.records)


def _measure(writer: Any, inputs: "Inputs", records: tuple[Any, ...]) -> int:
    """Run what is open of the plan; every record is on disk before the next trial starts."""
    from loadbench import store
    from loadbench.cli.progress import display
    from loadbench.errors import Interrupted
    from loadbench.sweep.processes import process_context
    from loadbench.sweep.rounds import Bench, Progress, run_rounds, skipped_records

    plan, session = writer.run.plan, len(writer.run.sessions) - 1
    progress = Progress.of(records)
    skipped: Counter[str] = Counter()
    for record in skipped_records(plan, inputs.skipped, progress, session):
        writer.append(record)
        progress.add(record)
        skipped[f"{record.case.loader}: {record.reason}"] += 1
    for reason, count in skipped.items():
        _say(f"skipped {count} {'case' if count == 1 else 'cases'} of {reason}")
    _say(f"{progress.trials_left(plan, inputs.jobs)} trials of {len(inputs.jobs)} cases, results in {writer.path}")
    bench = Bench(
        inputs.jobs, process_context(plan.isolation), writer.path / store.LOGS, session, inputs.info.payload_bytes
    )
    statuses = [record.status for record in records]
    try:
        with display(progress.trials_left(plan, inputs.jobs), plan.rounds) as shown:
            for record in run_rounds(plan, progress, bench):
                writer.append(record)
                shown.show(record)
                statuses.append(record.status)
    except Interrupted:
        _say(f"interrupted; every finished trial is in {writer.path}. To continue:")
        _say(f"  loadbench sweep --resume --out {shlex.quote(str(writer.path))}")
        return 130
    _say(f"done. See it with: loadbench report {shlex.quote(str(writer.path))}")
    return 4 if "invalid" in statuses or "ok" not in statuses else 0


def _inputs(
    checkpoint: "Checkpoint", planned: "list[Planned]", options: "SweepOptions", cleanup: ExitStack
) -> "Inputs":
    from loadbench.cli.bytes_progress import bytes_progress
    from loadbench.sweep.inputs import prepare_inputs

    return prepare_inputs(checkpoint, planned, options, cleanup, bytes_progress)


def _run(out: Path, plan: Any, inputs: "Inputs", checkpoint: "Checkpoint", sessions: list[Any]) -> "Run":
    """run.json's contents, with this invocation as the last session."""
    from datetime import UTC, datetime

    from loadbench import __version__
    from loadbench.checkpoints.cache import default_cache_dir
    from loadbench.machine.environment import collect
    from loadbench.machine.secrets import redact_command
    from loadbench.records import Run, Session
    from loadbench.sweep.description import describe_loader

    session = Session(
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=redact_command(["loadbench", *sys.argv[1:]]),
        environment=collect({"checkpoint": checkpoint.files[0], "cache": default_cache_dir(), "results": out}),
    )
    names = dict.fromkeys(case.loader for case in plan.cases)
    return Run(
        loadbench_version=__version__,
        name=out.resolve().name,
        plan=plan,
        sessions=[*sessions, session],
        checkpoints={checkpoint.name: inputs.info},
        loaders={name: describe_loader(name, plan.cases[0].device) for name in names},
    )


def _seed(options: "SweepOptions") -> int:
    import secrets

    return options.seed if options.seed is not None else secrets.randbelow(2**31)


def _default_out(checkpoint: str) -> Path:
    from datetime import datetime

    return (
        Path("results")
        / f"{Path(checkpoint).resolve().name.removesuffix('.safetensors')}-{datetime.now():%Y%m%d-%H%M%S}"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
