"""`loadbench trend` on real directories."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from loadbench.cli.trend import trend
from loadbench.errors import StoreError
from tests.gate.stored_runs import MMAP, measured, write

app = typer.Typer()
app.command()(trend)


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for day in range(1, 11):
        write(tmp_path / "results" / f"run-{day}", measured(day, (MMAP, 500 if day < 6 else 600)).stored)
    return tmp_path / "results"


def test_the_table_has_the_step(results: Path) -> None:
    found = invoke(results)
    assert found.exit_code == 0
    assert "run-05 and run-06" in found.stdout


def test_json_and_a_file(results: Path, tmp_path: Path) -> None:
    assert len(json.loads(invoke(results, "--format", "json").stdout)["machines"][0]["runs"]) == 10
    assert invoke(results, "--format", "markdown", "--output", tmp_path / "trend.md").stdout == ""
    assert (tmp_path / "trend.md").read_text().startswith("# loadbench: trend of 10 runs")


def test_charts_are_linked_from_markdown(results: Path, tmp_path: Path) -> None:
    report, charts = tmp_path / "trend.md", tmp_path / "charts"
    assert invoke(results, "--format", "markdown", "--output", report, "--charts", charts).exit_code == 0
    assert 'src="charts/01-trend-gpt2-cold-light.svg"' in report.read_text()
    assert (charts / "01-trend-gpt2-cold-dark.png").stat().st_size > 10_000


def test_a_damaged_run_is_left_out_with_a_warning(results: Path) -> None:
    (results / "run-3" / "trials.jsonl").write_text("nonsense\n")
    found = invoke(results)
    assert "left out" in found.stderr
    assert "trend of 9 runs" in found.stdout


def test_a_folder_without_runs_is_an_error(tmp_path: Path) -> None:
    assert isinstance(invoke(tmp_path).exception, StoreError)
