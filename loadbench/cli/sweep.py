"""`loadbench sweep`: the main job."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loadbench.cli import case_flags as flags

if TYPE_CHECKING:
    from loadbench.store import StoredRun


def sweep(
    checkpoint: flags.Checkpoints = None,
    loader: flags.Loaders = None,
    threads: flags.Threads = None,
    buffer: flags.Buffer = None,
    concurrency: flags.Concurrency = None,
    set: flags.Set = None,
    dtype: flags.Dtypes = None,
    cache: flags.Caches = None,
    device: flags.Devices = None,
    contract: flags.Contracts = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            help="How often every case is tried. Default: 6, 9, 12, 15 or 20, until it is precise.",
            rich_help_panel=flags.HOW,
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="A case is precise when its 95 % interval is within this: 3%. Default: 5% cold, 3% warm.",
            rich_help_panel=flags.HOW,
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="Time for the whole sweep, such as 20m: as many rounds as fit.", rich_help_panel=flags.HOW),
    ] = None,
    seed: flags.Seed = None,
    timeout: flags.Timeout = None,
    isolation: flags.Isolated = None,
    cold_by: flags.ColdBy = None,
    memory_limit: flags.MemoryLimit = None,
    tolerate: flags.Tolerate = None,
    ceilings: flags.Ceilings = None,
    config: flags.Config = None,
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
        "checkpoint": checkpoint or None, "loader": loader, "dtype": dtype, "cache": cache, "device": device,
        "contract": contract, "rounds": rounds, "seed": seed, "timeout": timeout, "isolation": isolation,
        "cold_by": cold_by, "memory_limit": memory_limit, "precision": precision, "budget": budget,
        "tolerate": tolerate, "ceilings": ceilings,
    }  # fmt: skip
    axes = {"threads": threads, "buffer": buffer, "concurrency": concurrency}
    asked = asked_options(given, axes, set or [], config)
    if resume and out is None:
        raise UsageError("--resume needs --out, the directory of the run to continue.")
    if resume and dry_run:
        raise UsageError("--resume and --dry-run exclude each other: a resumed run has its plan in run.json.")
    if resume and out is not None and store.has_run(out):
        code = _continue(store.read_run(out), asked)
    elif resume and not asked.keys() & {"checkpoint", "loader", "axes", "set"}:
        raise UsageError(f"{out} holds no run to continue. To start one there, say what to sweep, such as: sweep gpt2.")
    else:
        code = _start(asked, out, dry_run)
    raise typer.Exit(code)


def _start(asked: dict[str, Any], out: Path | None, dry_run: bool) -> int:
    """A new run: plan, prepare, measure the ceilings, then the rounds."""
    from loadbench import store
    from loadbench.cli.checkpoints import check_name, named_checkpoint
    from loadbench.cli.host_lock import host_lock
    from loadbench.cli.plan_text import plan_text
    from loadbench.cli.sweep_run import (
        check_cases,
        default_out,
        measure_ceilings,
        measure_rounds,
        nothing_kept,
        prepare,
        run_file,
        say,
    )
    from loadbench.errors import UsageError
    from loadbench.sweep.options import SweepOptions
    from loadbench.sweep.plan import make_plan, plan_cases, with_sentinels
    from loadbench.sweep.processes import start_zygote
    from loadbench.sweep.rounds import Budget

    options = SweepOptions(**asked)
    check_cases(options)
    if dry_run:
        print(plan_text(options))
        return 0
    for name in options.checkpoint:
        check_name(name)
    out = out or default_out(options.checkpoint[0])
    store.reserve(out)
    with nothing_kept(), ExitStack() as cleanup:
        cleanup.callback(store.release, out)
        cleanup.enter_context(host_lock("sweep"))
        budget = Budget(options.budget)
        start_zygote(options.isolation)
        checkpoints = [named_checkpoint(name) for name in options.checkpoint]
        names = [checkpoint.name for checkpoint in checkpoints]
        if len(set(names)) < len(names):
            raise UsageError(f"two of the checkpoints have the same name ({', '.join(names)}): rename a directory.")
        ceilings = measure_ceilings(checkpoints, options) if options.ceilings else []
        planned = [planned for name in names for planned in plan_cases(options, name)]
        planned, sentinels = with_sentinels(planned, options, ceilings) if options.ceilings else (planned, [])
        plan = make_plan(planned, sentinels, options)
        inputs = prepare(checkpoints, planned, options, cleanup)
        say(plan_text(options, brief=True))
        writer = store.RunWriter.create(out, run_file(out, plan, inputs, ceilings, checkpoints, []))
        cleanup.callback(writer.close)
        return measure_rounds(writer, inputs, (), options, budget)


def _continue(stored: "StoredRun", asked: dict[str, Any]) -> int:
    """A run that was interrupted: the same plan, the same checkpoints, what is missing."""
    from loadbench import store
    from loadbench.cli.checkpoints import is_there, named_checkpoint
    from loadbench.cli.host_lock import host_lock
    from loadbench.cli.sweep_options import check_same
    from loadbench.cli.sweep_run import measure_ceilings, measure_rounds, prepare, run_file, say
    from loadbench.errors import CheckpointError
    from loadbench.sweep.options import options_from_json
    from loadbench.sweep.plan import Planned, plan_cases
    from loadbench.sweep.processes import start_zygote
    from loadbench.sweep.rounds import Budget

    plan, run = stored.run.plan, stored.run
    options = options_from_json(plan.options)
    check_same(asked, options, stored)
    for warning in stored.warnings:
        say(warning)
    with ExitStack() as cleanup:
        cleanup.enter_context(host_lock("sweep"))
        budget = Budget(options.budget)
        start_zygote(plan.isolation)
        checkpoints = [
            replace(named_checkpoint(known.path if is_there(Path(known.path)) else text), name=name)
            for (name, known), text in zip(run.checkpoints.items(), options.checkpoint, strict=True)
        ]
        ceilings = measure_ceilings(checkpoints, options, len(run.sessions)) if run.ceilings else []
        skips = {planned.case.name: planned.skip for name in run.checkpoints for planned in plan_cases(options, name)}
        planned = [Planned(case, skips.get(case.name, "")) for case in plan.cases]
        inputs = prepare(checkpoints, planned, options, cleanup)
        for name, known in run.checkpoints.items():
            if inputs.infos[name].digest != known.digest:
                raise CheckpointError(
                    f"{known.path} has other contents than when {stored.path} was started. Start a new run."
                )
        continued = run_file(stored.path, plan, inputs, [*run.ceilings, *ceilings], checkpoints, list(run.sessions))
        writer = store.RunWriter.resume(stored, continued)
        cleanup.callback(writer.close)
        return measure_rounds(writer, inputs, stored.records, options, budget)
