"""`loadbench report`: what a run, or a folder of runs, found."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

if TYPE_CHECKING:
    from loadbench.cli.report_charts import Images
    from loadbench.report.findings import Findings

Format = Literal["terminal", "markdown", "json", "csv"]


def report(
    path: Annotated[Path, typer.Argument(help="A run, or a folder of runs.")] = Path("results"),
    format: Annotated[Format, typer.Option(help="terminal is for reading, the others for files and programs.")] = (
        "terminal"
    ),
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the standard output.")] = None,
    charts: Annotated[
        Path | None,
        typer.Option(help="Draw charts into this directory: SVG and PNG, light and dark. markdown links to them."),
    ] = None,
) -> None:
    """Show tables of a run, or of every run in a folder: the best case of each loader first."""
    from loadbench import store
    from loadbench.cli.report_charts import draw_charts
    from loadbench.errors import StoreError
    from loadbench.report.findings import find

    runs: list[Findings] = []
    unreadable: list[StoreError] = []
    for found in store.find_runs(path):
        try:
            runs.append(find(store.read_run(found)))
        except StoreError as error:
            unreadable.append(error)
    if not runs:
        raise unreadable[0]

    _warn(runs)
    images = draw_charts(runs, charts, beside=output) if charts is not None else {}
    if output is not None:
        text = io.StringIO()
        _write(runs, format, text, images)
        store.replace_file(output, text.getvalue())
    else:
        _write(runs, format, sys.stdout, images)
    if unreadable:
        more = f" {len(unreadable) - 1} more could not be read." if unreadable[1:] else ""
        raise StoreError(f"The report leaves out a run that cannot be read. {unreadable[0]}{more}")


def _warn(runs: "list[Findings]") -> None:
    """The warnings of every run on stderr too, where output to a file or a program would hide them."""
    from loadbench.report.text import short, visible

    for findings in runs:
        for warning in findings.warnings:
            typer.echo(f"warning: {visible(short(findings.stored.run.name))}: {visible(warning)}", err=True)


def _write(runs: "list[Findings]", format: Format, file: TextIO, images: "Images") -> None:
    from loadbench.report import machine_readable
    from loadbench.report.document import document
    from loadbench.report.images import with_images
    from loadbench.report.markdown import markdown
    from loadbench.report.terminal import print_documents

    if format == "json":
        file.write(machine_readable.as_json(runs))
    elif format == "csv":
        file.write(machine_readable.as_csv(runs))
    elif format == "markdown":
        documents = (with_images(document(findings), images.get(findings.stored.path, ())) for findings in runs)
        file.write("\n".join(markdown(one) for one in documents))
    else:
        print_documents([document(findings) for findings in runs], file)
