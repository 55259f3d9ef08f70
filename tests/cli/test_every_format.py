"""Runs that nobody wants to have, in every format and by every command that reads runs: safe, and no traceback."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loadbench.cli import app
from loadbench.errors import ResultsError
from loadbench.export import FORMATS
from loadbench.records import Record
from tests.builders import bad, case, ok, run, series
from tests.cli.test_report import write
from tests.report.test_hostile_text import HOSTILE, hostile

OLD_FORMATS = Path(__file__).parents[1] / "results"
READERS = {
    **{f"report {name}": ["report", "--format", name] for name in ("terminal", "markdown", "html", "json", "csv")},
    **{
        f"side by side {name}": ["report", "--rows", "loader", "--cols", "run", "--format", name]
        for name in ("terminal", "markdown", "html", "json", "csv")
    },
    **{f"recommend {name}": ["recommend", "--format", name] for name in ("terminal", "markdown", "json")},
    **{f"trend {name}": ["trend", "--format", name] for name in ("terminal", "markdown", "json")},
}


def failures_only() -> list[Record]:
    return [bad(case(), number, "failed", "no") for number in range(1, 7)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them beside each other, and a good one among them."""
    directory = tmp_path_factory.mktemp("runs")
    write(directory / "empty", run([case()]), [])
    write(directory / "failures", run([case()]), failures_only())
    write(directory / "one-trial", run([case()]), [ok(case(), 1, 250)])
    write(directory / "good", run([case()]), series(case(), 250, 251, 252, 253, 254, 255))
    for version in ("v1", "v2"):
        shutil.copytree(OLD_FORMATS / version, directory / version)
    for number, name in enumerate(HOSTILE):
        found = hostile(name).stored
        write(directory / f"hostile-{number}", found.run, list(found.records))
    return directory


@pytest.mark.parametrize("reader", READERS)
def test_all_at_once(reader: str, folder: Path) -> None:
    command, *options = READERS[reader]
    result = CliRunner().invoke(app, [command, str(folder), *options])
    if result.exception is not None:
        assert isinstance(result.exception, (ResultsError, SystemExit)), repr(result.exception)
    assert result.stdout
    assert "\x1b]0;" not in result.stdout, "a control sequence of theirs"
    assert "\u202e" not in result.stdout, "a direction of theirs"
    if reader.endswith(("terminal", "html")):
        assert "Traceback" not in result.stdout


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["empty", "failures", "one-trial", "good", "v1", "v2", "hostile-0", "hostile-2"])
def test_each_is_exported_or_refused(name: str, format: str, folder: Path) -> None:
    result = CliRunner().invoke(app, ["export", format, str(folder / name)])
    if name in ("empty", "failures"):
        assert isinstance(result.exception, ResultsError)
        assert result.stdout == ""
    else:
        assert result.exception is None, repr(result.exception)
        assert result.stdout
        assert "\x1b" not in result.stdout
