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
    path: Annotated[Path, typer.Argument(help="A run, a folder of runs, or published figures.")] = Path("results"),
    format: Annotated[Format, typer.Option(help="terminal is for reading, the others for files and programs.")] = (
        "terminal"
    ),
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the standard output.")] = None,
    charts: Annotated[
        Path | None,
        typer.Option(help="Draw charts into this directory: SVG and PNG, light and dark. markdown links to them."),
    ] = None,
) -> None:
    """Show tables of a run, or of every run in a folder: the best case of each loader first.

    Figures that others have published are shown where their file is named, or a folder that holds no run.
    """
    from loadbench import store
    from loadbench.cli.report_charts import charts_of_published, charts_of_runs
    from loadbench.errors import StoreError
    from loadbench.published.reader import read_published
    from loadbench.report.findings import find

    write: Callable[[TextIO], None]
    files = _published_files(path)
    if files:
        published, unreadable = read_all(files, read_published)
        images = charts_of_published(published, charts, beside=output)
        write = partial(_write_published, published, format, images)
    else:
        runs, unreadable = read_all(store.find_runs(path), lambda found: find(store.read_run(found)))
        warn(runs)
        images = charts_of_runs(runs, charts, beside=output)
        write = partial(_write, runs, format, images)

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


def _published_files(path: Path) -> list[Path]:
    """The files of published figures that are meant: the one named, or those of a folder without a run."""
    from loadbench import store
    from loadbench.published.reader import find_published

    try:
        if path.is_file():
            return [path] if path.suffix == ".json" and path.name != store.RUN_FILE else []
        return find_published(path) if next(path.rglob(store.RUN_FILE), None) is None else []
    except OSError:
        return []  # whoever looks for runs there says what is wrong with it


def read_all(paths: Iterable[Path], read: Callable[[Path], Read]) -> "tuple[list[Read], list[StoreError]]":
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


def warn(runs: "list[Findings]") -> None:
    """The warnings of every run on stderr too, where output to a file or a program would hide them."""
    from loadbench.report.text import short, visible

    for findings in runs:
        for warning in findings.warnings:
            typer.echo(f"warning: {visible(short(findings.stored.run.name))}: {visible(warning)}", err=True)


def _write(runs: "list[Findings]", format: Format, images: "Images", file: TextIO) -> None:
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
        documents = map(with_images, map(document, runs), images)
        file.write("\n".join(map(markdown, documents)))
    else:
        print_documents([document(findings) for findings in runs], file)


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
