"""`loadbench trial`: one trial by hand."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from loadbench.sweep.options import SweepOptions


def trial(
    loader: Annotated[str, typer.Argument(help="The loader, as `loadbench loaders` lists it.")],
    checkpoint: Annotated[str, typer.Argument(help="Directory or file, or the name of a model to make.")] = "gpt2",
    set: Annotated[
        list[str] | None, typer.Option(metavar="TUNABLE=VALUE", help="A tunable of the loader; may be given again.")
    ] = None,
    cache: Annotated[str, typer.Option(help="State of the page cache: cold or warm.")] = "cold",
    device: Annotated[str, typer.Option(help="cpu, cuda:0, ...")] = "cpu",
    contract: Annotated[str, typer.Option(help="owned, stream or touched.")] = "owned",
    dtype: Annotated[str, typer.Option(help="auto, F16, BF16 or F32.")] = "auto",
    timeout: Annotated[str, typer.Option(help="A trial that hangs so long is killed.")] = "10m",
    memory_limit: Annotated[str | None, typer.Option(help="What the trial may allocate, such as 16G.")] = None,
    tolerate: Annotated[
        str | None,
        typer.Option(
            envvar="LOADBENCH_TOLERATE",
            help="Disturbances to stamp but not to judge: cpu, steal, disk, io, memory, gpu, kernel or all.",
        ),
    ] = None,
) -> None:
    """Do one trial in a new interpreter and print its record as JSON (raw-read: one direct, one buffered).

    The process can be put under numactl, perf or nsys, which follow it:

    Example: perf stat loadbench trial fastsafetensors-nogds gpt2 --set threads=8 --cache warm
    """
    from loadbench.cli.sweep_options import parse_set
    from loadbench.sweep.axes import split_list
    from loadbench.sweep.options import SweepOptions
    from loadbench.units import parse_duration, parse_size

    options = SweepOptions(
        checkpoint=(checkpoint,),
        loader=(loader,),
        set=parse_set([f"{loader}.{text}" for text in set or []]),
        cache=(cache,),
        device=(device,),
        contract=(contract,),
        dtype=(dtype,),
        rounds=1,
        timeout=parse_duration(timeout),
        isolation="spawn",
        memory_limit=parse_size(memory_limit) if memory_limit else None,
        tolerate=split_list(tolerate) if tolerate is not None else (),
    )
    raise typer.Exit(_one(options))


def _one(options: "SweepOptions") -> int:
    """Print the record of every case of the options: one, or each variant of a ceiling."""
    import tempfile

    from loadbench.cli.bytes_progress import bytes_progress
    from loadbench.cli.checkpoints import check_name, named_checkpoint
    from loadbench.cli.host_lock import host_lock
    from loadbench.records import Plan
    from loadbench.sweep.inputs import prepare_inputs
    from loadbench.sweep.plan import plan_cases
    from loadbench.sweep.processes import process_context
    from loadbench.sweep.rounds import Bench, Budget, Progress, run_rounds, skipped_records

    check_name(options.checkpoint[0])
    plan_cases(options, "checkpoint")  # a mistake is told before the wait for the lock
    statuses = []
    with ExitStack() as cleanup:
        cleanup.enter_context(host_lock("trial"))
        checkpoint = named_checkpoint(options.checkpoint[0])
        planned = plan_cases(options, checkpoint.name)
        plan = Plan(
            cases=[p.case for p in planned], rounds=1, seed=0, isolation="spawn", timeout_s=options.timeout, options={}
        )
        logs = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="loadbench-trial-")))
        inputs = prepare_inputs([checkpoint], planned, options, cleanup, bytes_progress)
        progress = Progress()
        for record in skipped_records(plan, inputs.skipped, progress, session=0):
            progress.add(record)
            print(record.model_dump_json(indent=1))
        sizes = {name: info.payload_bytes for name, info in inputs.infos.items()}
        bench = Bench(inputs.jobs, process_context("spawn"), logs, 0, sizes, options.tolerated)
        for record in run_rounds(plan, progress, bench, Budget(None)):
            statuses.append(record.status)
            print(record.model_dump_json(indent=1))
            if record.log:
                print((logs.parent / record.log).read_text(), file=sys.stderr)
    return 0 if statuses and all(status == "ok" for status in statuses) else 4
