"""`loadbench probe`: what this machine could do at best for given files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from loadbench.probe.fio import FioComparison
    from loadbench.probe.stage import Probed
    from loadbench.records import Ceiling, CeilingKind

Format = Literal["terminal", "json"]


def probe(
    path: Annotated[str, typer.Argument(help="A checkpoint, a model's name, or any other file or directory of files.")],
    device: Annotated[str, typer.Option(help="cpu, or cuda:0, ... to measure the link to it as well.")] = "cpu",
    format: Annotated[Format, typer.Option(help="terminal is for reading, json for programs.")] = "terminal",
    fio: Annotated[bool, typer.Option("--fio/--no-fio", help="Compare with fio, where it is installed.")] = True,
) -> None:
    """Measure the ceilings: how fast storage, page cache, memory and link can be here, for these files.

    Example: loadbench probe gpt2
    """
    from loadbench.cli.host_lock import host_lock
    from loadbench.errors import ResultsError
    from loadbench.loaders.devices import parse_device

    device = parse_device(device)
    _check(path)
    with host_lock("probe"):
        name, files = _files(path)
        size = sum(file.stat().st_size for file in files)
        probed, compared = _measure(name, files, device, fio)
    if format == "json":
        _print_json(probed, compared)
    else:
        _print_tables(probed, compared, size, device)
    if not probed.ceilings:
        raise ResultsError(f"no ceiling could be measured for {path}: {'; '.join(probed.missing)}.")


def _measure(
    name: str, files: tuple[Path, ...], device: str, fio: bool
) -> "tuple[Probed, FioComparison | str]":
    """The ceilings, and the comparison of storage's with fio or why there is none."""
    from loadbench.analysis.ceilings import best_ceiling
    from loadbench.cli.bytes_progress import bytes_progress
    from loadbench.probe.ceilings import probe as probe_files
    from loadbench.probe.fio import compare_with_fio
    from loadbench.probe.search import thorough
    from loadbench.sweep.processes import process_context

    context = process_context("spawn")  # a single process: it need not wait for a zygote that imports torch
    with bytes_progress("measuring the ceilings") as show:
        probed = probe_files(files, name, device, context, show)
    if not fio:
        return probed, "it was not asked for"
    best = best_ceiling(thorough([one for one in probed.ceilings if one.kind == "storage"]), "storage")
    if best is None:
        return probed, "there is no storage ceiling to compare"
    with bytes_progress("comparing with fio") as show:
        return probed, compare_with_fio(files, best, context, show)


def _check(text: str) -> None:
    """Raise what `_files` would raise for a path or a name that cannot be used, but make nothing."""
    from loadbench.cli.checkpoints import check_name, is_model_name

    if is_model_name(text):
        check_name(text)
    else:
        _files(text)


def _files(text: str) -> tuple[str, tuple[Path, ...]]:
    """The name and the files of a checkpoint, or of anything else."""
    from loadbench.checkpoints.checkpoint import open_checkpoint
    from loadbench.cli.checkpoints import is_model_name, named_checkpoint
    from loadbench.errors import CheckpointError

    path = Path(text).expanduser()
    if is_model_name(text):
        checkpoint = named_checkpoint(text)
        return checkpoint.name, checkpoint.files
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        if any(file.suffix == ".safetensors" for file in inside):
            checkpoint = open_checkpoint(path)
            return checkpoint.name, checkpoint.files
        sizes = {file: file.stat().st_size for file in inside if not file.is_dir()}
    except OSError as error:
        raise CheckpointError(
            f"{error.filename} cannot be read: {error.strerror}. Name a file or a directory of files."
        ) from error
    if not any(sizes.values()):
        raise CheckpointError(f"{path} has nothing to read. Name a file with contents, or a directory of such files.")
    return path.resolve().name, tuple(sizes)


def _print_json(probed: "Probed", compared: "FioComparison | str") -> None:
    import json
    from dataclasses import asdict

    fio = {"missing": compared} if isinstance(compared, str) else asdict(compared) | {"ratio": compared.ratio}
    ceilings = [ceiling.model_dump() for ceiling in probed.ceilings]
    print(json.dumps({"ceilings": ceilings, "missing": probed.missing, "fio": fio}, indent=1))


def _print_tables(probed: "Probed", compared: "FioComparison | str", size: int, device: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from loadbench.report.text import visible

    console = Console(file=sys.stdout, highlight=False)
    for kind in dict.fromkeys(ceiling.kind for ceiling in probed.ceilings):
        console.print(Text(kind, style="bold"))
        console.print(_table([ceiling for ceiling in probed.ceilings if ceiling.kind == kind]))
        console.print()
    for line in (*_missing_lines(probed), *_bound_lines(probed, size, device), *_fio_lines(compared)):
        console.print(Text(visible(line)), soft_wrap=True)


def _table(ceilings: "Sequence[Ceiling]") -> "Table":
    """The settings of one kind, the fastest first; those that were only tried shortly at the end."""
    from rich.table import Table

    from loadbench.analysis.ceilings import median_ns, ns_per_byte, rates
    from loadbench.analysis.statistics import interval
    from loadbench.probe.search import thorough
    from loadbench.records import name_value
    from loadbench.report.text import rate, seconds_range
    from loadbench.units import human_seconds, human_size

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("", "settings"):
        table.add_column(column)
    for column in ("GB/s", "GiB/s", "median", "spread (s)", "n", "of"):
        table.add_column(column, justify="right")
    measured = thorough(ceilings)
    best = min(measured, key=ns_per_byte)
    for ceiling in sorted(ceilings, key=lambda one: (one not in measured, ns_per_byte(one))):
        spread = interval(ceiling.samples_ns)
        decimal, binary = rates(ceiling)
        table.add_row(
            "best" if ceiling is best else "" if ceiling in measured else "tried",
            " ".join(f"{name}={name_value(value)}" for name, value in ceiling.settings.items()),
            rate(decimal),
            rate(binary),
            human_seconds(median_ns(ceiling) / 1e9),
            seconds_range(spread.low, spread.high),
            str(len(ceiling.samples_ns)),
            human_size(ceiling.bytes),
            style="bold" if ceiling is best else "" if ceiling in measured else "dim",
        )
    return table


def _missing_lines(probed: "Probed") -> "Iterator[str]":
    for reason in probed.missing:
        yield f"not measured: {reason}"


def _bound_lines(probed: "Probed", size: int, device: str) -> "Iterator[str]":
    """What the slowest stage of a load allows. The stages can overlap, so it is not their sum."""
    from loadbench.analysis.ceilings import best_ceiling, ns_per_byte
    from loadbench.probe.search import thorough
    from loadbench.units import human_seconds, human_size

    kinds: dict[str, CeilingKind] = {"cold": "storage", "warm": "page cache"}
    for cache, kind in kinds.items():
        stages: list[CeilingKind] = [kind] if device == "cpu" else [kind, "link, pinned"]
        found = [
            best
            for stage in stages
            if (best := best_ceiling(thorough([one for one in probed.ceilings if one.kind == stage]), stage))
        ]
        if len(found) == len(stages):
            slowest = max(found, key=ns_per_byte)
            time = human_seconds(size * ns_per_byte(slowest) / 1e9)
            yield f"{cache}: nothing faster than {time} is possible for these {human_size(size)}: {slowest.kind}"


def _fio_lines(compared: "FioComparison | str") -> "Iterator[str]":
    import shlex

    from loadbench.analysis.statistics import median
    from loadbench.report.text import rate
    from loadbench.units import gb_per_s

    if isinstance(compared, str):
        yield f"no comparison with fio: {compared}"
        return
    theirs = gb_per_s(compared.bytes, median(compared.samples_ns))
    ours = gb_per_s(compared.own_bytes, median(compared.own_samples_ns))
    yield (
        f"fio's best: {rate(theirs)} GB/s ({compared.setting.text}, median of {len(compared.samples_ns)});"
        f" ours, in turn with it: {rate(ours)} GB/s, {100 * compared.ratio:.0f} % of it"
    )
    environment = " ".join(f"{name}={value}" for name, value in compared.environment.items())
    yield f"  $ {environment} {shlex.join(compared.command)}"
