"""`loadbench model`: make synthetic checkpoints, describe any checkpoint."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loadbench.errors import CheckpointError, UsageError
from loadbench.units import gb_per_s, human_seconds, human_size, short_size

if TYPE_CHECKING:
    from loadbench.checkpoints.summary import Summary

app = typer.Typer(no_args_is_help=True, help="Make synthetic checkpoints, and describe any checkpoint.")

_FILES_SHOWN = 20


@app.command()
def make(
    out: Annotated[Path, typer.Option(help="Directory to make; it must not exist, or be empty.")],
    spec: Annotated[
        str | None, typer.Argument(help="Model: gpt2, gpt2-medium, llama-3-8b, qwen3-30b-a3b, deepseek-r1.")
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Only so many layers; everything else stays true.")] = None,
    scale: Annotated[
        float | None, typer.Option(help="Scale layers, vocabulary, experts and the file size limit by 0 < F <= 1.")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(help="Copy the headers of this checkpoint, byte for byte, instead of a model's.")
    ] = None,
    variant: Annotated[str | None, typer.Option(help="Variant of the model, such as single (one file).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the contents.")] = 0,
) -> None:
    """Write a checkpoint with a known model's true names, shapes, dtypes and files, filled with random numbers."""
    from loadbench.checkpoints.synthetic import already_made, plan_checkpoint, write_checkpoint
    from loadbench.cli.bytes_progress import bytes_progress

    plan = plan_checkpoint(spec, layers=layers, scale=scale, like=like, variant=variant, seed=seed)
    if already_made(plan, out):
        typer.echo(f"{out} is this checkpoint already ({plan.source}).", err=True)
    else:
        start = time.perf_counter_ns()
        with bytes_progress(f"making {plan.name}") as progress:
            write_checkpoint(plan, out, progress)
        elapsed = time.perf_counter_ns() - start
        typer.echo(
            f"Wrote {plan.name}: {plan.bytes:,} bytes in {len(plan.files)} file{'s' if len(plan.files) > 1 else ''}, "
            f"{human_seconds(elapsed / 1e9)}, {gb_per_s(plan.bytes, elapsed):.2f} GB/s.",
            err=True,
        )
    typer.echo(out)


@app.command()
def info(
    target: Annotated[str, typer.Argument(metavar="PATH", help="Directory, .safetensors file, or name of a model.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe a checkpoint: its files, tensors, dtypes, sizes and alignment."""
    from loadbench.checkpoints.checkpoint import open_checkpoint
    from loadbench.checkpoints.plan import ModelRequest, plan_model
    from loadbench.checkpoints.shapes import spec_names
    from loadbench.checkpoints.summary import summary_of, summary_of_plan
    from loadbench.cli.checkpoints import is_there

    path = Path(target).expanduser()
    if is_there(path) or path.is_symlink():
        summary = summary_of(open_checkpoint(path))
    else:
        try:
            request = ModelRequest.parse(target)
        except UsageError:
            raise CheckpointError(
                f"{target} does not exist, and no model has this name. Name a directory or file, "
                f"or one of {', '.join(spec_names())}."
            ) from None
        summary = summary_of_plan(plan_model(request))
    typer.echo(json.dumps(asdict(summary), indent=1) if as_json else _text(summary))


def _text(summary: Summary) -> str:
    lines = [
        f"{summary.name}: {summary.tensors:,} tensors, {_exact(summary.payload_bytes)}; "
        f"{len(summary.files)} file{'s' if len(summary.files) != 1 else ''}, {_exact(summary.file_bytes)}",
        f"path      {summary.path or 'not made: this is what `loadbench model make` would write'}",
        f"source    {summary.source or 'not made by loadbench'}",
        f"median    {human_size(summary.median_tensor_bytes)} a tensor",
        f"alignment {summary.misaligned_tensors:,} of {summary.tensors:,} tensors do not begin at a multiple of their "
        "element's size in the file",
        "",
        f"{'dtype':<14}{'tensors':>10}{'bytes':>20}",
        *(f"{dtype:<14}{share.tensors:>10,}{share.bytes:>20,}" for dtype, share in summary.dtypes.items()),
        "",
        f"{'tensor size':<14}{'tensors':>10}{'bytes':>20}",
        *(f"{_limit(entry.up_to_bytes):<14}{entry.tensors:>10,}{entry.bytes:>20,}" for entry in summary.sizes),
        "",
    ]
    width = max((len(file.name) for file in summary.files), default=0) + 2
    lines.append(f"{'file':<{width}}{'bytes':>16}{'tensors':>10}{'data at':>12}{'aligned to':>12}")
    lines += [
        f"{file.name:<{width}}{file.bytes:>16,}{file.tensors:>10,}{file.data_offset:>12,}{file.alignment:>12,}"
        for file in summary.files[:_FILES_SHOWN]
    ]
    if len(summary.files) > _FILES_SHOWN:
        lines.append(f"... and {len(summary.files) - _FILES_SHOWN} more; --json lists all")
    return "\n".join(lines)


def _exact(size: int) -> str:
    return f"{size:,} bytes ({human_size(size)})"


def _limit(limit: int | None) -> str:
    return "larger" if limit is None else f"up to {short_size(limit)}"
