"""`loadbench report`: what a run, or a folder of runs, found; what others have published."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

_NO_TRIALS = "published figures have no trials that could be compared. Name a run."
Format = Literal["terminal", "markdown", "html", "json", "csv"]


def report(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Runs, folders of runs, or published figures.", show_default="results"),
    ] = None,
    format: Annotated[
        Format,
        typer.Option(
            help="terminal is for reading, html one page with the charts inside, the others for files and programs."
        ),
    ] = "terminal",
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the standard output.")] = None,
    charts: Annotated[
        Path | None,
        typer.Option(help="Draw charts into this directory: SVG and PNG, light and dark. markdown links to them."),
    ] = None,
    over: Annotated[
        Path | None,
        typer.Option(help="Published figures, a file or a folder of them, to show beside the run's own."),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(help="Side by side: what makes a row, such as loader,threads. Any axis or fact of the machine."),
    ] = None,
    cols: Annotated[
        str | None, typer.Option(help="What makes a column, such as run or version.fastsafetensors, held to the first.")
    ] = None,
    filter: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these cases, such as 'loader=tensorizer,runai-streamer cache=cold threads>=16 -run=a'."
        ),
    ] = None,
) -> None:
    """Show tables of a run, or of every run in a folder: the best case of each loader first.

    With --rows or --cols the cases of all runs stand side by side in one table, any key as rows or columns.
    Figures that others have published are shown where their file is named, or a folder that holds no run.

    Example: loadbench report results/before results/after --rows loader,cache --cols run
    """
    places = paths or [Path("results")]
    if rows is not None or cols is not None:
        _refuse({"--charts": charts, "--over": over}, "go with --rows and --cols, which have no charts. Leave one out.")
        _side_by_side(places, rows, cols, filter or (), format, output)
        return
    from loadbench.cli.report_places import published_files

    if files := published_files(places):
        _refuse({"--over": over, "--filter": filter}, f"go with published figures: {_NO_TRIALS}")
        _published(files, format, output, charts)
    else:
        if format in ("json", "csv") and not charts:
            _refuse({"--over": over}, f"go with --format {format}, which has the run alone. Name another, or --charts.")
        _runs(places, filter or (), over, format, output, charts)


def _runs(
    places: Sequence[Path],
    filters: Sequence[str],
    over: Path | None,
    format: Format,
    output: Path | None,
    charts: Path | None,
) -> None:
    """The ordinary report: each run by itself."""
    from loadbench.cli.report_charts import charts_of_runs
    from loadbench.cli.report_places import check_read, read_runs, sources, warn_of_runs
    from loadbench.cli.report_write import put, write_runs
    from loadbench.report.selection import only

    found, unreadable = read_runs(places)
    runs = only(found, filters) if filters else found
    warn_of_runs(runs)
    published = sources(over)
    images = charts_of_runs(runs, published, charts, beside=output)
    put(output, lambda file: write_runs(runs, published, format, images, file))
    check_read("a run", unreadable)


def _published(files: Sequence[Path], format: Format, output: Path | None, charts: Path | None) -> None:
    """Figures that others have published, as their sources have them."""
    from loadbench.cli.report_charts import charts_of_published
    from loadbench.cli.report_places import check_read, read_all
    from loadbench.cli.report_write import put, write_published
    from loadbench.published.reader import read_published

    published, unreadable = read_all(files, read_published)
    images = charts_of_published(published, charts, beside=output)
    put(output, lambda file: write_published(published, format, images, file))
    check_read("a file", unreadable)


def _side_by_side(
    places: Sequence[Path],
    rows: str | None,
    cols: str | None,
    filters: Sequence[str],
    format: Format,
    output: Path | None,
) -> None:
    """The cases of all runs in one table."""
    from loadbench.cli.report_places import check_read, published_files, read_runs, warn
    from loadbench.cli.report_write import put, write_projection
    from loadbench.errors import UsageError
    from loadbench.report.projection import projection

    if published_files(places):
        raise UsageError(f"--rows and --cols are for runs: {_NO_TRIALS}")
    runs, unreadable = read_runs(places)
    found = projection(runs, rows, cols, filters)
    warn(found.warnings)
    put(output, lambda file: write_projection(found, format, file))
    check_read("a run", unreadable)


def _refuse(options: dict[str, object], why: str) -> None:
    """Options that mean nothing here are a mistake."""
    from loadbench.errors import UsageError

    for name, value in options.items():
        if value:
            raise UsageError(f"{name} does not {why}")
