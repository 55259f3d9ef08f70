"""`loadbench report` on published figures: named, or in a folder that holds no run."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from loadbench.errors import StoreError, UsageError
from loadbench.report.published_data import PUBLISHED_COLUMNS
from tests.builders import case, run, series
from tests.cli.test_report import invoke
from tests.cli.test_report import write as write_run
from tests.published.figures import DIRECTORY, figure, published, raw, write

GPT2 = DIRECTORY / "mi300x-gpt2.json"


@pytest.mark.parametrize("format", ["terminal", "markdown", "json", "csv"])
def test_a_file_is_shown_in_every_format(format: str) -> None:
    result = invoke(GPT2, "--format", format)
    assert (result.exit_code, result.stderr) == (0, "")
    for word in ("fastsafetensors-nogds", "2.62", "0.195", "274,045,440"):
        assert word in result.stdout


def test_the_terminal_has_every_figure_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = invoke(GPT2).stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    (row,) = [line.split() for line in lines if line.split()[:1] == ["5"]]
    assert row == ["5", "fastsafetensors-nogds", "32", "32MB", "cache-drop", "1.24", "1.34", "0.410", "cold"]


def test_json_has_every_field_of_the_file_and_both_units() -> None:
    report = json.loads(invoke(GPT2, "--format", "json").stdout)
    assert report["runs"] == []
    (file,) = report["published"]
    for written, given in zip(raw("mi300x-gpt2")["records"], file["records"], strict=True):
        assert {key: given[key] for key in written} == written
        assert given["gib_per_s"] == written["bandwidth"]["value"]
        assert given["bandwidth_computed"] is False
    assert file["schema"] == "loadbench.published/1"


def test_csv_has_a_line_for_each_figure_of_all_files() -> None:
    rows = list(csv.DictReader(io.StringIO(invoke(DIRECTORY, "--format", "csv").stdout)))
    assert list(rows[0]) == list(PUBLISHED_COLUMNS)
    assert len(rows) == len({row["id"] for row in rows}) == 200
    (sixth,) = [row for row in rows if row["id"] == "amd-gpt2-06"]
    assert (sixth["seconds"], sixth["bandwidth"], sixth["bandwidth_unit"]) == ("0.332", "0.77", "GiB/s")
    assert (sixth["bandwidth_unit_as_printed"], sixth["counted_bytes"]) == ("GB/s", "274045440")


def test_a_folder_of_both_shows_the_runs_only(tmp_path: Path) -> None:
    write_run(tmp_path / "mine", run([case()], name="mine"), series(case(), 5))
    shutil.copytree(DIRECTORY, tmp_path / "published")
    both = invoke(tmp_path, "--format", "markdown").stdout
    assert "# loadbench: mine" in both
    assert "# Published" not in both
    assert invoke(tmp_path / "published", "--format", "markdown").stdout.count("# Published: ") == 41
    shutil.rmtree(tmp_path / "mine")
    assert invoke(tmp_path, "--format", "markdown").stdout.count("# Published: ") == 41


def test_one_unreadable_file_does_not_hide_the_others_nor_is_it_hidden(tmp_path: Path) -> None:
    write(tmp_path / "good.json", published(title="good"))
    bad = write(tmp_path / "bad.json", published(figure(seconds=-1)))
    result = invoke(tmp_path, "--format", "markdown")
    assert "# Published: good" in result.stdout
    assert isinstance(result.exception, StoreError)
    assert f"Left out is a file that cannot be read. {bad} is not valid: records.0.seconds" in str(result.exception)


def test_a_file_that_holds_something_else_says_what_to_name(tmp_path: Path) -> None:
    error = invoke(write(tmp_path / "a.json", {"schema": "other"})).exception
    assert isinstance(error, StoreError)
    assert "holds no published figures" in str(error)
    assert "Name a run" in str(error)


def test_a_folder_with_neither_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a.json", {"schema": "other"})
    error = invoke(tmp_path).exception
    assert isinstance(error, StoreError)
    assert str(tmp_path) in str(error)


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    result = invoke(GPT2, "--format", "markdown", "--output", tmp_path / "out.md")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "out.md").read_text(encoding="utf-8") == invoke(GPT2, "--format", "markdown").stdout


def test_a_run_is_shown_over_published_figures(tmp_path: Path) -> None:
    write_run(tmp_path / "run", run([case()]), series(case(), 1, 1, 1))
    one_file = invoke(tmp_path / "run", "--over", GPT2, "--format", "markdown")
    assert one_file.exit_code == 0
    assert "## Beside published figures: GPT-2 on an AMD MI300X" in one_file.stdout
    folder = invoke(tmp_path / "run", "--over", DIRECTORY)
    assert folder.stdout.count("Beside published figures") > 30


@pytest.mark.parametrize("format", ["json", "csv"])
def test_a_format_that_cannot_show_a_run_over_published_figures_says_so(tmp_path: Path, format: str) -> None:
    write_run(tmp_path / "run", run([case()]), series(case(), 1, 1, 1))
    with pytest.raises(UsageError, match=f"--over does not go with --format {format}"):
        raise invoke(tmp_path / "run", "--over", GPT2, "--format", format).exception or AssertionError
    drawn = invoke(tmp_path / "run", "--over", GPT2, "--format", format, "--charts", tmp_path / "charts")
    assert drawn.exit_code == 0


def test_published_figures_are_not_shown_over_others(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Name a run"):
        raise invoke(GPT2, "--over", GPT2).exception or AssertionError
    write_run(tmp_path / "run", run([case()]), series(case(), 1, 1, 1))
    with pytest.raises(UsageError, match="names no published figures"):
        raise invoke(tmp_path / "run", "--over", tmp_path).exception or AssertionError
