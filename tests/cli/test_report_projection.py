"""`loadbench report --rows --cols --filter` on real directories."""

import csv
import io
import json
from pathlib import Path

import pytest

from loadbench.errors import UsageError
from tests.builders import case, run, series
from tests.cli.test_report import invoke, write, write_example

PUBLISHED = Path(__file__).parents[2] / "results" / "published"
FAST = (100, 101, 102, 103, 104, 105)
SLOW = (200, 201, 202, 203, 204, 205)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder of two runs."""
    write(tmp_path / "runs" / "a", run([case()], name="a"), series(case(), *FAST))
    write(tmp_path / "runs" / "b", run([case()], name="b"), series(case(), *SLOW))
    return tmp_path / "runs"


def test_several_runs_may_be_named_or_their_folder(two: Path) -> None:
    apart = invoke(two / "a", two / "b", "--cols", "run", "--format", "csv")
    together = invoke(two, "--cols", "run", "--format", "csv")
    assert apart.stdout == together.stdout
    rows = list(csv.DictReader(io.StringIO(apart.stdout)))
    assert [(row["run"], row["load_median_ns"], row["told_apart"]) for row in rows] == [
        ("a", "102500000", ""),
        ("b", "202500000", "true"),
    ]


def test_the_first_run_named_is_the_first_column(two: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(invoke(two / "b", two / "a", "--cols", "run", "--format", "csv").stdout)))
    assert [row["run"] for row in rows] == ["b", "a"]


def test_a_run_named_twice_is_one(two: Path) -> None:
    result = invoke(two / "a", two, two / "a" / "run.json", "--rows", "run", "--format", "json")
    assert [found["run"] for found in json.loads(result.stdout)["runs"]] == ["a", "b"]


def test_several_runs_without_rows_and_columns_are_reported_in_turn(two: Path) -> None:
    printed = invoke(two / "b", two / "a").stdout
    assert 0 <= printed.index("loadbench: b") < printed.index("loadbench: a")


@pytest.mark.parametrize("format", ["terminal", "markdown", "json", "csv"])
def test_every_format_goes_to_a_file_too(two: Path, format: str, tmp_path: Path) -> None:
    arguments = (two, "--rows", "loader", "--cols", "run", "--format", format)
    assert invoke(*arguments, "--output", tmp_path / "out").stdout == ""
    assert (tmp_path / "out").read_text(encoding="utf-8") == invoke(*arguments).stdout


def test_residue_is_warned_of_on_stderr(tmp_path: Path) -> None:
    result = invoke(write_example(tmp_path / "one"), "--rows", "loader", "--cols", "cache", "--format", "csv")
    assert "warning: 2 cells hold several cases" in result.stderr
    assert "warning" not in result.stdout


def test_a_filter_alone_restricts_the_ordinary_report(tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    result = invoke(path, "--format", "json", "--filter", "loader=runai-streamer", "--filter", "concurrency>=8")
    [found] = json.loads(result.stdout)["runs"]
    whole = json.loads(invoke(path, "--format", "json").stdout)["runs"][0]
    assert [one["test"] for one in found["cases"]] == [6, 7]
    assert found["ceilings"] == whole["ceilings"]
    assert "only 2 of 11 cases, by --filter loader=runai-streamer concurrency>=8" in result.stderr


def test_a_filter_that_cannot_be_read_tells_where(two: Path) -> None:
    error = invoke(two, "--filter", "cache=cold threads").exception
    assert isinstance(error, UsageError)
    assert "--filter, character 19 at its end: one of = != > >= < <= ~ !~ belongs after 'threads'" in str(error)


@pytest.mark.parametrize("option", [("--rows", "loader"), ("--cols", "run"), ("--filter", "loader=x")])
def test_published_figures_are_not_projected(option: tuple[str, str]) -> None:
    error = invoke(PUBLISHED, *option).exception
    assert isinstance(error, UsageError)
    assert "published figures have no trials" in str(error)


def test_published_figures_and_runs_are_not_one_report(two: Path) -> None:
    error = invoke(two, PUBLISHED).exception
    assert isinstance(error, UsageError)
    assert f"{two} holds no published figures" in str(error)


def test_several_published_files_are_one_report() -> None:
    names = [PUBLISHED / "mi300x-gpt2.json", PUBLISHED / "a10g-llama3-8b.json"]
    printed = invoke(*names, "--format", "markdown").stdout
    assert printed.count("# Published: ") == 2


def test_charts_are_of_single_runs(two: Path, tmp_path: Path) -> None:
    error = invoke(two, "--cols", "run", "--charts", tmp_path / "charts").exception
    assert isinstance(error, UsageError)
    assert not (tmp_path / "charts").exists()


def test_an_unreadable_run_does_not_hide_the_others(two: Path) -> None:
    (two / "b" / "trials.jsonl").write_text("{}\n")
    result = invoke(two, "--rows", "run", "--format", "csv")
    assert len(list(csv.DictReader(io.StringIO(result.stdout)))) == 1
    assert "Left out is a run that cannot be read" in str(result.exception)
