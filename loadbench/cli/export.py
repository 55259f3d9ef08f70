"""`loadbench export`: a run's figures in the formats of other tools."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def export(
    format: Annotated[
        str,
        typer.Argument(
            help="github-smaller, github-bigger, bencher, openmetrics, pyperf, hyperfine or benchfmt.",
            metavar="FORMAT",
        ),
    ],
    run: Annotated[Path, typer.Argument(help="A run's directory.", metavar="RUN")],
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the standard output.")] = None,
) -> None:
    """Write the figures of a run for another tool: charts and alerts in CI, metrics, other benchmarks' statistics.

    Trials that do not count are never a figure; a case without any is left out and named on stderr.
    """
    from loadbench import store
    from loadbench.errors import UsageError, unknown_name
    from loadbench.export import FORMATS
    from loadbench.export.figures import exported
    from loadbench.report.findings import find
    from loadbench.report.text import short, visible

    if format not in FORMATS:
        raise unknown_name("format", visible(short(format)), FORMATS)
    runs = store.find_runs(run)
    if len(runs) > 1:
        raise UsageError(f"{run} holds {len(runs)} runs and an export is of one. Name one, such as {runs[0]}.")
    findings = find(store.read_run(runs[0]))
    found = exported(findings)
    text = FORMATS[format].write(found)

    remark = FORMATS[format].remark(found.figures)
    left_out = [f"left out: {case}" for case in found.left_out]
    for line in (*findings.warnings, *left_out, *([remark] if remark else [])):
        typer.echo(f"warning: {visible(line)}", err=True)
    if output is not None:
        store.replace_file(output, text)
    else:
        sys.stdout.write(text)
