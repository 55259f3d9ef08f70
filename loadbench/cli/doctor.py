"""`loadbench doctor`: what this machine can prove, before anything is measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadbench.machine.doctor import Diagnosis
    from loadbench.machine.doctor_finding import Finding

CANNOT_BE_PROVEN = 3
_WIDEST_NAME = 21
_STYLES = {"ok": "green", "limited": "yellow", "missing": "bold red", "not here": "dim"}


def doctor(
    path: Annotated[
        Path | None, typer.Argument(help="Where the checkpoints lie: a directory or file. Default: loadbench's cache.")
    ] = None,
    format: Annotated[Literal["terminal", "json"], typer.Option(help="terminal is for reading, json for programs.")] = (
        "terminal"
    ),
) -> None:
    """Try out what this machine can and cannot prove: cold files, ceilings, disturbances, GPU paths, loaders.

    A file of 4 MB is written beside the checkpoints and removed; where that is not allowed, one of theirs is read and
    its pages are evicted. Exits with 0 if a cold sweep can be proven there, with 3 if not.

    Example: loadbench doctor /models
    """
    from dataclasses import replace

    from loadbench.machine.doctor import examine
    from loadbench.machine.doctor_finding import looked_at
    from loadbench.machine.doctor_loaders import AREA

    diagnosis = examine(_place(path))
    diagnosis = replace(diagnosis, findings=(*diagnosis.findings, *looked_at(AREA, _loaders)))
    if format == "json":
        _print_json(diagnosis)
    else:
        _print_list(diagnosis)
    raise typer.Exit(0 if diagnosis.verdict.cold else CANNOT_BE_PROVEN)


def _place(path: Path | None) -> Path:
    import stat

    from loadbench.checkpoints.cache import default_cache_dir
    from loadbench.errors import UsageError

    if path is None:
        try:
            return default_cache_dir()
        except RuntimeError as error:
            raise UsageError(f"{error} Name a PATH, or set LOADBENCH_CACHE.") from error
    try:
        mode = path.expanduser().stat().st_mode
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path}: {why}. Name a directory or a file that exists.") from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise UsageError(f"{path} is neither a directory nor a file. Name one, such as /models.")
    return path.expanduser()


def _loaders() -> "Sequence[Finding]":
    """Ask every loader whether it can run here, on each kind of device that it loads to."""
    from loadbench import loaders
    from loadbench.machine.doctor_loaders import loader_findings

    usable, broken = loaders.importable()
    reasons = {}
    for name in usable:
        kind = loaders.find(name)
        devices = {device: "cuda:0" if device == "cuda" else device for device in kind.devices}
        reasons[name] = {device: loaders.unavailable(kind(), full) or "" for device, full in devices.items()}
    return loader_findings(reasons, broken)


def _print_json(diagnosis: "Diagnosis") -> None:
    import json
    from dataclasses import asdict

    described = {
        "path": str(diagnosis.path),
        "cold": diagnosis.verdict.cold,
        "verdict": diagnosis.verdict.text,
        "findings": [asdict(finding) for finding in diagnosis.findings],
    }
    print(json.dumps(described, indent=1))


def _print_list(diagnosis: "Diagnosis") -> None:
    """One row a finding: its state, its name, and what was seen, follows and can be done, which wraps beside them."""
    from itertools import groupby

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from loadbench.report.text import visible

    console = Console(highlight=False)
    console.print(Text(visible(f"loadbench doctor {diagnosis.path}"), "bold"), soft_wrap=True)
    console.print()
    longest = max(len(finding.name) for finding in diagnosis.findings)
    for area, findings in groupby(diagnosis.findings, key=lambda finding: finding.area):
        console.print(Text(area, "bold"))
        table = Table.grid(padding=(0, 1))
        table.add_column(min_width=9, no_wrap=True)
        table.add_column(width=min(longest, _WIDEST_NAME), overflow="fold")
        table.add_column(overflow="fold")
        for finding in findings:
            text = Text(visible(f"{finding.seen}. {finding.consequence}"))
            if finding.advice:
                text.append(f"\n→ {visible(finding.advice)}", "italic")
            table.add_row(Text(f" {finding.state}", _STYLES[finding.state]), Text(visible(finding.name)), text)
        console.print(table)
        console.print()
    console.print(
        Text(visible(diagnosis.verdict.text), "bold green" if diagnosis.verdict.cold else "bold red"), soft_wrap=True
    )
