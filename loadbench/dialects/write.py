"""Writing a gate's result in every dialect that was asked for. To be called before the command's exit."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from loadbench.dialects.github import annotations, outputs
from loadbench.dialects.junit import junit as as_junit
from loadbench.dialects.metrics import metrics as as_metrics
from loadbench.dialects.summary import MOST, summary
from loadbench.errors import StoreError, UsageError
from loadbench.gate.result import GateResult
from loadbench.store import make_directory, replace_file


def check_places(*paths: Path | None) -> None:
    """Find files that cannot all be written, before anything slow: folders, and one file named twice."""
    named = [path for path in paths if path is not None]
    for path in named:
        if path.is_dir():
            raise UsageError(f"{path} is a folder. Name a file in it.")
    places = [path.resolve() for path in named if path.is_file() or not path.exists()]
    twice = next((place for place in places if places.count(place) > 1), None)
    if twice:
        raise UsageError(f"{twice} is named for two of the gate's outputs. Give each a file of its own.")


def write_dialects(
    result: GateResult,
    *,
    junit: Path | None = None,
    metrics: Path | None = None,
    json: Path | None = None,
    github: TextIO | None = None,
    report_path: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Write the files that are named, and for GitHub its summary, its outputs and, to this stream, annotations.

    GitHub's files are named by the environment and appended to; where it names none, only the annotations are
    written. What cannot be written does not keep the rest from it, and is one StoreError at the end.
    """
    failures: list[str] = []

    def attempt(write: Callable[[], None]) -> None:
        try:
            write()
        except StoreError as error:
            failures.append(str(error))

    if json:
        attempt(lambda: _replace(json, result.model_dump_json(indent=1) + "\n"))
    if junit:
        attempt(lambda: _replace(junit, as_junit(result)))
    if metrics:
        attempt(lambda: _replace(metrics, as_metrics(result)))
    if github is not None:
        if place := environment.get("GITHUB_STEP_SUMMARY"):
            attempt(lambda: _append(Path(place), lambda size: summary(result, max(0, MOST - size))))
        if place_of_outputs := environment.get("GITHUB_OUTPUT"):
            path = "" if report_path is None else str(report_path)
            attempt(lambda: _append(Path(place_of_outputs), lambda _: outputs(result, path)))
        github.write(annotations(result))
        github.flush()
    if failures:
        raise StoreError(" ".join(failures))


def _replace(path: Path, text: str) -> None:
    make_directory(path.parent)
    replace_file(path, text)


def _append(path: Path, text: Callable[[int], str]) -> None:
    """Add to a file, on a line of its own. What is added may depend on the size of what is there."""
    try:
        with path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
            starts_a_line = not size or file.read(1) == b"\n"
            file.write((b"" if starts_a_line else b"\n") + text(size + 1).encode(errors="backslashreplace"))
    except OSError as error:
        raise StoreError(f"Cannot append to {path}: {error.strerror}.") from error
