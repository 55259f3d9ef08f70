"""`loadbench predict`: how long a checkpoint would take, by what others took on the same machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

if TYPE_CHECKING:
    from loadbench.report.prediction import Forecast, Target
    from loadbench.report.prediction_series import Pool
    from loadbench.store import StoredRun

Format = Literal["terminal", "json"]


def predict(
    results: Annotated[Path, typer.Argument(help="A run, or a folder of runs.")] = Path("results"),
    like: Annotated[
        str | None,
        typer.Option(help="What to predict: a directory or file, or the name of a model. Only headers are read."),
    ] = None,
    loader: Annotated[str | None, typer.Option(help="Loaders, such as safetensors-mmap,tensorizer. Default: all.")] = (
        None
    ),
    cache: Annotated[str | None, typer.Option(help="cold, warm or both. Default: both.")] = None,
    hold_out: Annotated[
        str | None, typer.Option(help="Fit without this checkpoint, and compare with what was measured for it.")
    ] = None,
    machine: Annotated[
        str | None, typer.Option(help="Id or host name of the machine, where the runs are from several.")
    ] = None,
    format: Annotated[Format, typer.Option(help="terminal is for reading, json for programs.")] = "terminal",
    charts: Annotated[
        Path | None, typer.Option(help="Draw the lines of the model into this directory: SVG and PNG, light and dark.")
    ] = None,
) -> None:
    """Predict the load time of a checkpoint that was never loaded here, with an interval.

    It needs a sweep of at least 4 checkpoints that differ, such as configs/cost-model.toml.

    Example: loadbench predict --like deepseek-r1 --cache cold
    """
    from loadbench.errors import UsageError, unknown_name
    from loadbench.records import CacheWish
    from loadbench.report.prediction import forecast
    from loadbench.report.prediction_series import pool, select
    from loadbench.sweep.axes import split_list

    if like is None and hold_out is None:
        raise UsageError("Say what to predict: --like with a model or a checkpoint, or --hold-out with a measured one.")
    caches = split_list(cache) if cache is not None else ()
    for name in caches:
        if name not in get_args(CacheWish):
            raise unknown_name("cache state", name, get_args(CacheWish))
    target = _target(like) if like is not None else None
    found = pool(_read(results), machine)
    if hold_out is not None and hold_out not in found.checkpoints:
        raise unknown_name("checkpoint", hold_out, found.checkpoints, "these results")
    if target is None:
        assert hold_out is not None
        target = _measured(hold_out, found)
    chosen = select(found.series, split_list(loader) if loader is not None else (), caches)
    for note in found.notes:
        _say(note)
    predicted = forecast(target, found, chosen, hold_out)
    if charts is not None:
        from loadbench.charts.files import write_charts
        from loadbench.charts.predict_charts import predict_charts

        write_charts(predict_charts(predicted), charts)
    _write(predicted, format)


def _target(like: str) -> "Target":
    from loadbench.checkpoints.checkpoint import open_checkpoint
    from loadbench.checkpoints.plan import ModelRequest, plan_model
    from loadbench.checkpoints.summary import summary_of, summary_of_plan
    from loadbench.cli.checkpoints import is_model_name
    from loadbench.errors import CheckpointError
    from loadbench.report.prediction import Target

    if is_model_name(like):
        summary = summary_of_plan(plan_model(ModelRequest.parse(like)))
    else:
        summary = summary_of(open_checkpoint(Path(like).expanduser()))
    if not summary.payload_bytes:
        raise CheckpointError(
            f"{like} has no bytes of tensors, so there is nothing to predict. Name another checkpoint."
        )
    return Target(summary.name, summary.payload_bytes, summary.file_bytes, summary.tensors, len(summary.files))


def _measured(name: str, pool: "Pool") -> "Target":
    from loadbench.report.prediction import Target

    info = pool.checkpoints[name]
    return Target(name, info.payload_bytes, info.file_bytes, info.tensors, info.files)


def _read(path: Path) -> "list[StoredRun]":
    """Every run that can be read; a StoreError where none can."""
    from loadbench import store
    from loadbench.errors import StoreError

    runs = []
    unreadable = []
    for found in store.find_runs(path):
        try:
            runs.append(store.read_for_analysis(found))
        except StoreError as error:
            unreadable.append(error)
    if not runs:
        raise unreadable[0]
    for why in unreadable:
        _say(f"warning: left out: {why}")
    for run in runs:
        for warning in run.warnings:
            _say(f"warning: {warning}")
    return runs


def _write(found: "Forecast", format: Format) -> None:
    from loadbench.report.prediction_json import prediction_json
    from loadbench.report.prediction_tables import prediction_document
    from loadbench.report.terminal import print_documents

    if format == "json":
        for warning in found.common_warnings:
            _say(f"warning: {warning}")
        sys.stdout.write(prediction_json(found))
        return
    print_documents([prediction_document(found)], sys.stdout)


def _say(text: str) -> None:
    from loadbench.report.text import visible

    typer.echo(visible(text), err=True)
