"""`loadbench report`: what a run, or a folder of runs, found; what others have published."""

import io
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO, TypeVar

import typer

if TYPE_CHECKING:
    from loadbench.cli.report_charts import Images
    from loadbench.errors import StoreError
    from loadbench.published.records import Published
    from loadbench.report.findings import Findings

Read = TypeVar("Read")
Format = Literal["terminal", "markdown", "json", "csv"]


def report(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Runs, folders of runs, or published figures.", show_default="results"),
    ] = None,
    format: Annotated[Format, typer.Option(help="terminal is for reading, the others for files and programs.")] = (
        "terminal"
    ),
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
    from loadbench import store
    from loadbench.cli.report_charts import charts_of_published, charts_of_runs
    from loadbench.cli.report_projection import write_projection
    from loadbench.errors import StoreError, UsageError
    from loadbench.published.reader import read_published
    from loadbench.report.findings import find
    from loadbench.report.projection import projection
    from loadbench.report.selection import only

    places = paths or [Path("results")]
    filters = filter or ()
    side_by_side = rows is not None or cols is not None
    write: Callable[[TextIO], None]
    files = _published_files(places)
    if files:
        if over is not None:
            raise UsageError("--over shows a run beside published figures. Name a run, not other such figures.")
        if side_by_side or filters:
            raise UsageError(
                "--rows, --cols and --filter are for runs: published figures have no trials that could be compared. "
                "Leave them out, or name runs."
            )
        published, unreadable = _read_all(files, read_published)
        images = charts_of_published(published, charts, beside=output)
        write = partial(_write_published, published, format, images)
    else:
        if side_by_side and (charts is not None or over is not None):
            raise UsageError("--charts and --over are for single runs. Leave out --rows and --cols.")
        runs, unreadable = _read_all(_run_places(places), lambda found: find(store.read_run(found)))
        if side_by_side:
            found = projection(runs, rows, cols, filters)
            _warn_of(found.warnings)
            write = partial(write_projection, found, format)
        else:
            runs = only(runs, filters) if filters else runs
            _warn(runs)
            sources = _sources(over)
            images = charts_of_runs(runs, sources, charts, beside=output)
            write = partial(_write, runs, sources, format, images)

    if output is not None:
        text = io.StringIO()
        write(text)
        store.replace_file(output, text.getvalue())
    else:
        write(sys.stdout)
    if unreadable:
        what = "a file" if files else "a run"
        more = f" {len(unreadable) - 1} more could not be read." if unreadable[1:] else ""
        raise StoreError(f"The report leaves out {what} that cannot be read. {unreadable[0]}{more}")


def _published_files(places: Iterable[Path]) -> list[Path]:
    """The files of published figures that are meant; an error where runs are named beside them."""
    from loadbench.errors import UsageError

    found = {place: _published_at(place) for place in places}
    with_runs = [place for place, files in found.items() if not files]
    if with_runs and len(with_runs) < len(found):
        raise UsageError(
            f"{with_runs[0]} holds no published figures, though others named here do. Name runs, or published figures."
        )
    return list(dict.fromkeys(file for files in found.values() for file in files))


def _published_at(path: Path) -> list[Path]:
    """The file named, or those of a folder without a run."""
    from loadbench import store
    from loadbench.published.reader import find_published

    try:
        if path.is_file():
            return [path] if path.suffix == ".json" and path.name != store.RUN_FILE else []
        return find_published(path) if next(path.rglob(store.RUN_FILE), None) is None else []
    except OSError:
        return []  # whoever looks for runs there says what is wrong with it


def _sources(over: Path | None) -> "list[Published]":
    """The published figures to show a run beside."""
    from loadbench.errors import UsageError
    from loadbench.published.reader import find_published, read_published

    if over is None:
        return []
    files = [over] if over.is_file() else find_published(over) if over.is_dir() else []
    if not files:
        raise UsageError(f"--over {over} names no published figures. Name a file or a folder as results/published is.")
    return [read_published(file) for file in files]


def _run_places(places: Iterable[Path]) -> list[Path]:
    """The runs at or below all these places, each once."""
    from loadbench import store

    found: dict[Path, Path] = {}
    for place in places:
        for run in store.find_runs(place):
            found.setdefault(run.resolve(), run)
    return list(found.values())


def _read_all(paths: Iterable[Path], read: Callable[[Path], Read]) -> "tuple[list[Read], list[StoreError]]":
    """What can be read, and why the rest cannot. Nothing at all is an error."""
    from loadbench.errors import StoreError

    found: list[Read] = []
    unreadable: list[StoreError] = []
    for path in paths:
        try:
            found.append(read(path))
        except StoreError as error:
            unreadable.append(error)
    if not found:
        raise unreadable[0]
    return found, unreadable


def _warn(runs: "list[Findings]") -> None:
    from loadbench.report.text import short

    for findings in runs:
        _warn_of(f"{short(findings.stored.run.name)}: {warning}" for warning in findings.warnings)


def _warn_of(warnings: Iterable[str]) -> None:
    """The warnings on stderr too, where output to a file or a program would hide them."""
    from loadbench.report.text import visible

    for warning in warnings:
        typer.echo(f"warning: {visible(warning)}", err=True)


def _write(runs: "list[Findings]", over: "list[Published]", format: Format, images: "Images", file: TextIO) -> None:
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
        documents = map(with_images, (document(findings, over) for findings in runs), images)
        file.write("\n".join(map(markdown, documents)))
    else:
        print_documents([document(findings, over) for findings in runs], file)


def _write_published(files: "list[Published]", format: Format, images: "Images", file: TextIO) -> None:
    from loadbench.report.images import with_images
    from loadbench.report.markdown import markdown
    from loadbench.report.published import published_document
    from loadbench.report.published_data import published_csv, published_json
    from loadbench.report.terminal import print_documents

    if format == "json":
        file.write(published_json(files))
    elif format == "csv":
        file.write(published_csv(files))
    elif format == "markdown":
        documents = map(with_images, map(published_document, files), images)
        file.write("\n".join(map(markdown, documents)))
    else:
        print_documents([published_document(published) for published in files], file)
