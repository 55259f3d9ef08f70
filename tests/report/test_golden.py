"""Whole reports, character by character. After a change that is meant, look at NAME.got and move it over NAME."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from loadbench.report import machine_readable
from loadbench.report.document import document
from loadbench.report.findings import Findings, find
from loadbench.report.html.page import page
from loadbench.report.markdown import markdown
from loadbench.report.terminal import print_document
from loadbench.store import StoredRun
from tests.builders import case, example, run, stored

GOLDEN = Path(__file__).parent / "golden"
_STYLE_AND_SCRIPT = re.compile(
    r"(?<=<style>).*?(?=</style>)|(?<=<script>).*?(?=</script>)|&#39;sha256-.*?&#39;", re.DOTALL
)
"""What has files of its own."""


def rendered(findings: Findings, name: str) -> str:
    stem, _, kind = name.rpartition(".")
    if kind == "md":
        return markdown(document(findings))
    if kind == "html":
        return _STYLE_AND_SCRIPT.sub("", page([document(findings)]))
    if kind == "csv":
        return machine_readable.as_csv([findings])
    if kind == "json":
        return machine_readable.as_json([findings])
    file = io.StringIO()
    print_document(document(findings), Console(file=file, width=int(stem.rpartition("-")[2])))
    # Tables are padded to their width with blanks, which editors and git dislike in a file.
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def empty() -> StoredRun:
    return stored(run([case()], loaders={}, checkpoints={}), [], "trials.jsonl: the last line is cut")


@pytest.mark.parametrize(
    "name", ["example.md", "example-80.txt", "example-160.txt", "example.csv", "example.json", "example.html"]
)
def test_example(name: str) -> None:
    compare(rendered(find(example()), name), name)


@pytest.mark.parametrize("name", ["empty.md", "empty-80.txt", "empty.html"])
def test_a_run_without_a_record(name: str) -> None:
    compare(rendered(find(empty()), name), name)


def compare(got: str, name: str) -> None:
    expected = GOLDEN / name
    beside = GOLDEN / f"{name}.got"
    if not expected.exists() or got != expected.read_text(encoding="utf-8"):
        beside.write_text(got, encoding="utf-8")
        pytest.fail(f"differs from {expected}; compare with {beside.name}")
    beside.unlink(missing_ok=True)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160, 300])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_lost(width: int) -> None:
    file = io.StringIO()
    print_document(document(find(example())), Console(file=file, width=width))
    lines = file.getvalue().splitlines()
    assert all(len(line) <= width for line in lines if not line.startswith("$ "))
    if width >= 80:
        for figure in ("2.25", "2.10", "0.243", "0.240–0.251", "0.490–0.510†", "0.0601–0.0603†", "100 %", "83 %"):
            assert any(figure in line for line in lines), figure
