"""What `loadbench report` reads: the runs or published figures that are named, and what could not be read."""

import gc
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import typer

from loadbench import store
from loadbench.errors import StoreError, UsageError
from loadbench.published.reader import find_published, read_published
from loadbench.published.records import Published
from loadbench.report.findings import Findings, find
from loadbench.report.text import short, visible

Read = TypeVar("Read")


def published_files(places: Iterable[Path]) -> list[Path]:
    """The files of published figures that are meant; an error where runs are named beside them."""
    found = {place: _published_at(place) for place in places}
    with_runs = [place for place, files in found.items() if not files]
    if with_runs and len(with_runs) < len(found):
        raise UsageError(
            f"{with_runs[0]} holds no published figures, though others named here do. Name runs, or published figures."
        )
    return list(dict.fromkeys(file for files in found.values() for file in files))


def read_runs(places: Iterable[Path]) -> tuple[list[Findings], list[StoreError]]:
    """The runs at or below all these places, each once, analysed."""
    found: dict[Path, Path] = {}
    for place in places:
        for run in store.find_runs(place):
            found.setdefault(run.resolve(), run)
    return read_all(found.values(), _analysed)


def _analysed(path: Path) -> Findings:
    stored = store.read_for_analysis(path)
    # Records stay to the end: going through them for garbage again and again takes a second of 100,000 trials.
    gc.freeze()
    return find(stored)


def sources(over: Path | None) -> list[Published]:
    """The published figures to show a run beside."""
    if over is None:
        return []
    files = [over] if over.is_file() else find_published(over) if over.is_dir() else []
    if not files:
        raise UsageError(f"--over {over} names no published figures. Name a file or a folder as results/published is.")
    return [read_published(file) for file in files]


def read_all(paths: Iterable[Path], read: Callable[[Path], Read]) -> tuple[list[Read], list[StoreError]]:
    """What can be read, and why the rest cannot. Nothing at all is an error."""
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


def check_read(what: str, unreadable: Sequence[StoreError]) -> None:
    """Say what the report leaves out, after it was written. An error with exit code 2."""
    if unreadable:
        more = f" {len(unreadable) - 1} more could not be read." if unreadable[1:] else ""
        raise StoreError(f"Left out is {what} that cannot be read. {unreadable[0]}{more}")


def warn_of_runs(runs: Iterable[Findings]) -> None:
    """The warnings of every run on stderr too, where output to a file or a program would hide them."""
    for findings in runs:
        warn(f"{short(findings.stored.run.name)}: {warning}" for warning in findings.warnings)


def warn(warnings: Iterable[str]) -> None:
    """Warnings on stderr."""
    for warning in warnings:
        typer.echo(f"warning: {visible(warning)}", err=True)


def _published_at(path: Path) -> list[Path]:
    """The file named, or those of a folder without a run."""
    try:
        if path.is_file():
            return [path] if path.suffix == ".json" and path.name != store.RUN_FILE else []
        return find_published(path) if next(path.rglob(store.RUN_FILE), None) is None else []
    except OSError:
        return []  # whoever looks for runs there says what is wrong with it
