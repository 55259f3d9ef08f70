"""Reading published figures from files, with an error that names the place and what to do."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loadbench.errors import StoreError
from loadbench.published.records import SCHEMA, SCHEMA_VERSION, Published

_MARK = f'"{SCHEMA}/'.encode()
_HEAD = 4096
"""Bytes at the start of a file in which its format stands."""


def is_published(path: Path) -> bool:
    """Whether the file says that it holds published figures, be it damaged or not."""
    try:
        with path.open("rb") as file:
            return _MARK in file.read(_HEAD)
    except OSError:
        return False


def find_published(path: Path) -> list[Path]:
    """The files with published figures at or below a directory, by name."""
    return sorted(file for file in path.rglob("*.json") if is_published(file))


def read_published(path: Path) -> Published:
    """Read and check one file."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise StoreError(f"Cannot read {path}: {error.strerror}. Name a file that can be read.") from error
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path} is not valid JSON: {error}. Put back the file as it was written.") from error
    _check_version(path, data)
    try:
        return Published.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        reason = first["msg"].removeprefix("Value error, ")
        raise StoreError(
            f"{path} is not valid: {_short(field)}: {reason}. loadbench/schema/published.json describes every field."
        ) from error


def _check_version(path: Path, data: Any) -> None:
    """A newer format is a matter of loadbench's version, not of the file's."""
    name, slash, version = str(data.get("schema") if isinstance(data, dict) else None).partition("/")
    if name != SCHEMA or not slash:
        raise StoreError(
            f'{path} holds no published figures: its "schema" is not {SCHEMA}/{SCHEMA_VERSION}. '
            "Name a run, a folder of runs, or a file of results/published."
        )
    if version not in map(str, range(1, SCHEMA_VERSION + 1)):
        raise StoreError(
            f"{path} has format {_short(f'{SCHEMA}/{version}')}; this loadbench reads up to "
            f"{SCHEMA}/{SCHEMA_VERSION}. Upgrade loadbench."
        )


def _short(text: str) -> str:
    """Foreign text in a message: on one line, without control characters, not too long."""
    shown = repr(text)[1:-1]
    return shown if len(shown) <= 120 else f"{shown[:120]}…"
