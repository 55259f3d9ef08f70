"""`loadbench report` on real directories."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from loadbench.cli.report import report
from loadbench.errors import LoadbenchError, StoreError
from loadbench.records import Record, Run
from loadbench.store import RunWriter
from tests.builders import bad, case, example, run, series

app = typer.Typer()
app.command()(report)


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write(path: Path, of: Run, records: list[Record]) -> Path:
    writer = RunWriter.create(path, of)
    for record in records:
        writer.append(record)
    writer.close()
    return path


def write_example(path: Path) -> Path:
    stored = example()
    return write(path, stored.run, list(stored.records))


def test_a_run_is_shown_in_the_terminal_without_colour(tmp_path: Path) -> None:
    result = invoke(write_example(tmp_path / "one"))
    assert result.exit_code == 0
    assert result.stdout.startswith("loadbench: example\n")
    assert "0.240–0.251" in result.stdout
    assert "\x1b" not in result.stdout


def test_warnings_are_on_stderr_too_so_that_data_stays_data(tmp_path: Path) -> None:
    result = invoke(write_example(tmp_path / "one"), "--format", "csv")
    assert "warning: example: safetensors-mmap delivered wrong bytes in 1 trial" in result.stderr
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert rows[0]["load_median_ns"] == "243500000"
    assert len(rows) == 11


def test_a_folder_gives_each_run_in_turn(tmp_path: Path) -> None:
    write(tmp_path / "b", run([case()], name="second"), series(case(), 5))
    write(tmp_path / "a", run([case()], name="first"), series(case(), 5))
    markdown = invoke(tmp_path, "--format", "markdown").stdout
    assert 0 <= markdown.index("# loadbench: first") < markdown.index("# loadbench: second")
    found = json.loads(invoke(tmp_path, "--format", "json").stdout)
    assert [one["run"]["name"] for one in found["runs"]] == ["first", "second"]
    rows = list(csv.DictReader(io.StringIO(invoke(tmp_path, "--format", "csv").stdout)))
    assert [row["run"] for row in rows] == ["first", "second"]
    assert "loadbench: second" in invoke(tmp_path).stdout


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    result = invoke(path, "--format", "markdown", "--output", tmp_path / "report.md")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == invoke(path, "--format", "markdown").stdout
    invoke(path, "--output", tmp_path / "report.txt")
    assert "0.240–0.251" in (tmp_path / "report.txt").read_text(encoding="utf-8")


def test_html_is_one_file_with_its_charts_and_the_same_each_time(tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    printed = in_a_process(path, "--format", "html").stdout
    assert printed.startswith(b"<!doctype html>")
    assert printed.count(b'src="data:image/svg+xml;base64,') == 10
    assert not re.search(rb'(?:src|href)="(?!data:|#)', printed)
    assert in_a_process(path, "--format", "html", PYTHONHASHSEED="7", TZ="Asia/Tokyo", LANG="C").stdout == printed
    result = invoke(path, "--format", "html", "--charts", tmp_path / "charts", "--output", tmp_path / "report.html")
    assert result.exit_code == 0
    assert (tmp_path / "report.html").read_bytes() == printed
    assert len(list((tmp_path / "charts").iterdir())) == 20


def test_an_output_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    assert isinstance(invoke(path, "--output", tmp_path / "absent" / "report.txt").exception, StoreError)
    assert isinstance(invoke(path, "--output", path).exception, StoreError)


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "json", "csv"])
@pytest.mark.parametrize(
    "records",
    [
        [],
        series(case(), 5),
        [bad(case(), round, "failed", "crash") for round in range(1, 7)],
        [bad(case(), 0, "skipped", "no such library")],
    ],
)
def test_little_or_nothing_to_report_is_still_a_report(format: str, records: list[Record], tmp_path: Path) -> None:
    result = invoke(write(tmp_path / "one", run([case()]), records), "--format", format)
    assert result.exit_code == 0
    assert "fastsafetensors-nogds" in result.stdout


def test_no_trials_file_is_an_empty_run(tmp_path: Path) -> None:
    path = write(tmp_path / "one", run([case()]), [])
    (path / "trials.jsonl").unlink()
    assert "no trial has been recorded yet" in invoke(path).stdout


def test_a_cut_last_line_is_a_warning_that_stays_in_the_report(tmp_path: Path) -> None:
    path = write(tmp_path / "one", run([case()]), series(case(), 5, 6))
    trials = path / "trials.jsonl"
    trials.write_bytes(trials.read_bytes()[:-20])
    assert "the last line is cut" in invoke(path, "--format", "markdown").stdout


def test_a_newer_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path / "one", run([case()], schema_version=99), [])
    result = invoke(path)
    assert isinstance(result.exception, StoreError)
    assert "format 99" in str(result.exception)
    assert "Upgrade" in str(result.exception)


def test_one_unreadable_run_does_not_hide_the_others_nor_is_it_hidden(tmp_path: Path) -> None:
    write(tmp_path / "good", run([case()], name="good"), series(case(), 5))
    damaged = write(tmp_path / "bad", run([case()], name="bad"), series(case(), 5))
    (damaged / "trials.jsonl").write_text("{}\n")
    result = invoke(tmp_path, "--format", "markdown")
    assert "# loadbench: good" in result.stdout
    assert isinstance(result.exception, StoreError)
    assert f"{damaged / 'trials.jsonl'}:1" in str(result.exception)


def test_missing_places_are_named(tmp_path: Path) -> None:
    for place in (tmp_path / "absent", tmp_path):
        result = invoke(place)
        assert isinstance(result.exception, LoadbenchError)
        assert str(place) in str(result.exception)


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    result = invoke(tmp_path, "--format", "pdf")
    assert result.exit_code == 2
    assert all(name in result.stderr for name in ("terminal", "markdown", "html", "json", "csv"))


def in_a_process(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    program = "import sys; from loadbench.cli import run; sys.exit(run(['report', *sys.argv[1:]]))"
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=known | environment,
        capture_output=True,
        check=True,
    )


def test_a_terminal_without_unicode_gets_the_figures_all_the_same(tmp_path: Path) -> None:
    printed = in_a_process(write_example(tmp_path / "one"), PYTHONIOENCODING="ascii").stdout
    assert b"0.240-0.251" in printed


def test_no_color_is_respected_where_colour_is_forced(tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    assert b"33m" in in_a_process(path, FORCE_COLOR="1").stdout
    assert b"33m" not in in_a_process(path, FORCE_COLOR="1", NO_COLOR="1").stdout


def test_few_rounds_are_reported_without_loading_torch_or_scipy(tmp_path: Path) -> None:
    path = write(tmp_path / "one", run([case()]), series(case(), 5))
    program = f"""
import sys
from pathlib import Path
from loadbench.cli.report import report
heavy = {{"torch", "numpy", "scipy", "pydantic", "rich"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
report([Path({str(path)!r})], "markdown", None)
assert not {{"torch", "numpy", "scipy", "pandas"}} & set(sys.modules)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, capture_output=True)


def test_reading_a_report_changes_nothing(tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    copy = shutil.copytree(path, tmp_path / "copy")
    invoke(path)
    assert sorted(p.name for p in path.iterdir()) == sorted(p.name for p in copy.iterdir())
