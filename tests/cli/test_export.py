"""`loadbench export` on real directories."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from loadbench.cli.export import export
from loadbench.errors import ResultsError, StoreError, UsageError
from loadbench.export import FORMATS
from tests.builders import bad, case, run, series
from tests.cli.test_report import write, write_example

app = typer.Typer()
app.command()(export)


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_the_same_as_the_standard_output(format: str, tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    result = invoke(format, path)
    assert result.exit_code == 0
    assert invoke(format, path, "--output", tmp_path / "file").stdout == ""
    assert (tmp_path / "file").read_text(encoding="utf-8") == result.stdout


def test_the_help_names_every_format() -> None:
    help = " ".join(invoke("--help").stdout.replace("│", " ").split())
    assert all(name in help for name in FORMATS)


def test_warnings_and_cases_that_are_left_out_are_on_stderr(tmp_path: Path) -> None:
    lines = invoke("pyperf", write_example(tmp_path / "one")).stderr.splitlines()
    assert all(line.startswith("warning: ") for line in lines)
    assert [line for line in lines if "left out: fastsafetensors-gds/gpt2/" in line and "no GPU" in line]
    assert [line for line in lines if "calls any difference significant" in line]


def test_an_inconclusive_run_is_exported_with_a_warning(tmp_path: Path) -> None:
    records = [*series(case(), 5, 6), *(bad(case(), n, "disturbed", "cpu: busy") for n in (3, 4))]
    result = invoke("bencher", write(tmp_path / "busy", run([case()]), records))
    assert (result.exit_code, len(json.loads(result.stdout))) == (0, 1)
    assert "warning: INCONCLUSIVE: 2 of 4 trials were disturbed" in result.stderr


def test_a_run_without_a_figure_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "none", run([case()]), [bad(case(), 1, "failed", "no memory")])
    result = invoke("bencher", path, "--output", tmp_path / "file")
    assert isinstance(result.exception, ResultsError)
    assert "failed: no memory" in str(result.exception)
    assert not (tmp_path / "file").exists()


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    error = invoke("pyperff", tmp_path).exception
    assert isinstance(error, UsageError)
    assert str(error) == f"unknown format 'pyperff'. Did you mean 'pyperf'? Known: {', '.join(sorted(FORMATS))}."


def test_one_run_is_exported_at_a_time(tmp_path: Path) -> None:
    write_example(tmp_path / "a")
    assert invoke("bencher", tmp_path).exit_code == 0
    write_example(tmp_path / "b")
    error = invoke("bencher", tmp_path).exception
    assert isinstance(error, UsageError)
    assert f"Name one, such as {tmp_path / 'a'}" in str(error)
    assert isinstance(invoke("bencher", tmp_path / "c").exception, StoreError)
