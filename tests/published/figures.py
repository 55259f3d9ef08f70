"""Published figures for tests: the files of this repository, and small ones made up."""

import json
from pathlib import Path
from typing import Any

from loadbench.published.records import Published

DIRECTORY = Path(__file__).parent.parent.parent / "results" / "published"
FILES = sorted(DIRECTORY.glob("*.json"))
NAMES = [path.stem for path in FILES]


def raw(name: str) -> dict[str, Any]:
    """A file of this repository as plain JSON, past the project's own reader."""
    data: dict[str, Any] = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    return data


def figure(id: str = "one", /, **fields: Any) -> dict[str, Any]:
    """A figure of 10⁹ bytes in 2 s."""
    plain = {
        "id": id, "source": "a page", "url": "https://example.com", "date": "2026", "hardware": "a host", "gpu": "none",
        "versions": {}, "model": "gpt2", "bytes": 10**9, "bytes_basis": "as stated", "loader": "mmap", "settings": {},
        "storage": "NVMe", "cache": "cold", "cache_state": "as stated", "clock": "load", "clock_includes": "all",
        "runs": None, "statistic": "not stated", "seconds": 2.0, "bandwidth": None, "confidence": "read",
    }  # fmt: skip
    return plain | fields


def published(*figures: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A file with these figures in one table."""
    figures = figures or (figure(),)
    table = {"title": "Figures", "rows": [one["id"] for one in figures]}
    return {
        "schema": "loadbench.published/1", "name": "made-up", "title": "made up", "tables": [table],
        "records": list(figures),
    } | fields  # fmt: skip


def checked(*figures: dict[str, Any], **fields: Any) -> Published:
    """The same, as read."""
    return Published.model_validate(published(*figures, **fields))


def write(path: Path, data: Any) -> Path:
    """Put it in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path
