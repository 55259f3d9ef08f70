"""`loadbench recommend` on real directories."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from loadbench.cli.recommend import recommend
from loadbench.errors import ResultsError, StoreError
from tests.builders import bad, case, run, series
from tests.cli.test_report import write, write_example
from tests.conftest import Loadbench

app = typer.Typer()
app.command()(recommend)
TIMES = (300, 301, 302, 303, 304, 305)


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def good(path: Path) -> Path:
    return write(path, run([case()], name=path.name), series(case(), *TIMES))


def failed(path: Path) -> Path:
    return write(path, run([case()], name=path.name), [bad(case(), 1, "failed", "it broke")])


def test_a_run_is_advised_on_stdout_without_colour(tmp_path: Path) -> None:
    result = invoke(good(tmp_path / "one"))
    assert result.exit_code == 0
    assert result.stdout.startswith("loadbench recommend: one\n")
    assert "Use fastsafetensors-nogds with its default settings" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


def test_what_cannot_be_decided_is_said_and_the_rest_is_shown(tmp_path: Path) -> None:
    result = invoke(write_example(tmp_path / "one"))
    assert isinstance(result.exception, ResultsError)
    assert "No recommendation for 2 of 3 conditions" in str(result.exception)
    assert "Recommended: gpt2, cold, cpu, owned" in result.stdout
    assert "No recommendation: gpt2, warm, cpu, owned" in result.stdout
    assert "warning: example: safetensors-mmap delivered wrong bytes" in result.stderr


@pytest.mark.parametrize("format", ["terminal", "markdown", "json"])
def test_a_folder_of_runs(tmp_path: Path, format: str) -> None:
    good(tmp_path / "a")
    failed(tmp_path / "b")
    result = invoke(tmp_path, "--format", format)
    assert isinstance(result.exception, ResultsError)
    assert "No recommendation for 1 of 2 conditions. b: gpt2, cold, cpu, owned: no trial counts" in str(
        result.exception
    )
    assert "it broke" not in result.stdout
    if format == "json":
        runs = json.loads(result.stdout)["runs"]
        assert [bool(found["conditions"][0]["recommended"]) for found in runs] == [True, False]


def test_a_file_is_written_and_a_run_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    good(tmp_path / "runs" / "a")
    broken = good(tmp_path / "runs" / "b")
    (broken / "run.json").write_text("{")
    out = tmp_path / "recommendation.md"
    result = invoke(tmp_path / "runs", "--format", "markdown", "--output", out)
    assert isinstance(result.exception, StoreError)
    assert "Left out is a run that cannot be read" in str(result.exception)
    assert result.stdout == ""
    assert "## Recommended: gpt2, cold, cpu, owned" in out.read_text()


def test_a_run_without_a_case(tmp_path: Path) -> None:
    result = invoke(write(tmp_path / "one", run([]), []))
    assert isinstance(result.exception, ResultsError)
    assert "No recommendation for 0 of 0 conditions. There is no case." in str(result.exception)


def test_exit_codes(loadbench: Loadbench, tmp_path: Path) -> None:
    assert loadbench("recommend", good(tmp_path / "good")).returncode == 0
    refused = loadbench("recommend", failed(tmp_path / "failed"))
    assert refused.returncode == 3
    assert (
        refused.stderr.startswith("loadbench: No recommendation for 1 of 1 conditions.") or "warning" in refused.stderr
    )
    assert loadbench("recommend", tmp_path / "nothing").returncode == 2
