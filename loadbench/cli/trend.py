"""`loadbench trend`: how the times of each case changed over many runs."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

if TYPE_CHECKING:
    from loadbench.gate.measured_run import MeasuredRun
    from loadbench.report.tables import Image
    from loadbench.report.trend import MachineTrend

Format = Literal["terminal", "markdown", "json"]


def trend(
    results: Annotated[Path, typer.Argument(help="A folder of runs.")] = Path("results"),
    format: Annotated[Format, typer.Option(help="terminal is for reading, the others for files and programs.")] = (
        "terminal"
    ),
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the standard output.")] = None,
    charts: Annotated[
        Path | None,
        typer.Option(help="Draw charts into this directory: SVG and PNG, light and dark. markdown links to them."),
    ] = None,
) -> None:
    """Show each case over all runs of a machine: its noise between runs, and where its level changed for good.

    Example: loadbench trend results --charts charts
    """
    from loadbench import store
    from loadbench.report.trend import trends

    found = trends(_read(results))
    images = _images(found, charts, output)
    text = io.StringIO()
    _write(found, images, format, text if output is not None else sys.stdout)
    if output is not None:
        store.replace_file(output, text.getvalue())


def _read(results: Path) -> "list[MeasuredRun]":
    """Every run that can be read; an error where none can."""
    from loadbench.errors import LoadbenchError, StoreError, UsageError
    from loadbench.gate.measured_run import measured_run
    from loadbench.report.text import visible
    from loadbench.store import find_runs, read_run

    runs = []
    unreadable: list[LoadbenchError] = []
    for path in find_runs(results):
        try:
            runs.append(measured_run(read_run(path)))
        except (StoreError, UsageError) as error:
            unreadable.append(error)
    if not runs:
        raise unreadable[0]
    for why in unreadable:
        typer.echo(visible(f"warning: left out: {why}"), err=True)
    return runs


def _images(
    found: "Sequence[MachineTrend]", directory: Path | None, output: Path | None
) -> "Sequence[Sequence[tuple[str, Image]]]":
    if directory is None:
        return [()] * len(found)
    from loadbench.charts.trend_charts import trend_charts
    from loadbench.cli.report_charts import draw

    return draw([(trend.machine, list(trend_charts(trend))) for trend in found], directory, output)


def _write(
    found: "Sequence[MachineTrend]", images: "Sequence[Sequence[tuple[str, Image]]]", format: Format, file: TextIO
) -> None:
    from loadbench.report.images import with_images
    from loadbench.report.markdown import markdown
    from loadbench.report.terminal import print_documents
    from loadbench.report.trend_json import trend_json
    from loadbench.report.trend_tables import trend_document

    if format == "json":
        file.write(trend_json(found))
    elif format == "markdown":
        file.write("\n".join(map(markdown, map(with_images, map(trend_document, found), images))))
    else:
        print_documents(map(trend_document, found), file)
