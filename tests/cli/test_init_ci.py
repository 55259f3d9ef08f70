"""`loadbench init-ci` in real folders."""

from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from loadbench.cli.init_ci import init_ci
from loadbench.errors import StoreError, UsageError

app = typer.Typer()
app.command()(init_ci)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("system", "place", "edit"),
    [
        ("github", ".github/workflows/loadbench-gate.yml", "runs-on"),
        ("gitlab", ".gitlab/loadbench-gate.yml", "include it in .gitlab-ci.yml"),
    ],
)
def test_the_file_is_written_where_it_belongs_and_what_to_edit_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, place: str, edit: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke(system, "--checkpoint", "llama-3-8b", "--loader", "runai-streamer", "--install", ". -c lock.txt")
    assert result.exit_code == 0
    assert result.stderr.startswith(f"Wrote {place}. Now look at CHECKPOINT, ")
    assert edit in result.stderr
    text = (tmp_path / place).read_text()
    assert yaml.safe_load(text)
    for line in ('CHECKPOINT: "llama-3-8b"', 'LOADERS: "runai-streamer"', 'INSTALL: ". -c lock.txt"'):
        assert line in text


def test_a_file_that_is_there_is_kept_but_for_force(tmp_path: Path) -> None:
    path = tmp_path / "gate.yml"
    path.write_text("mine")
    result = invoke("github", "--output", str(path))
    assert isinstance(result.exception, UsageError)
    assert "--force" in str(result.exception)
    assert path.read_text() == "mine"
    assert invoke("github", "--output", str(path), "--force").exit_code == 0
    assert path.read_text() != "mine"


def test_gitlabs_file_says_how_to_include_it_from_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke("gitlab", "--output", "ci/gate.yml").exit_code == 0
    assert "#     - local: ci/gate.yml\n" in (tmp_path / "ci" / "gate.yml").read_text()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = invoke("github", "--output", str(tmp_path / "file" / "gate.yml"))
    assert isinstance(result.exception, StoreError)


def test_an_unknown_system_lists_the_known_ones() -> None:
    result = invoke("jenkins")
    assert result.exit_code == 2
    assert "github" in result.stderr
    assert "gitlab" in result.stderr
