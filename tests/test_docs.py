"""The README is complete and says what is so: commands, flags, loaders, tunables, exit codes, links."""

import html
import inspect
import re
import shlex
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from loadbench import errors, loaders
from loadbench.cli import app
from loadbench.cli.sweep import sweep
from loadbench.records import Contract, Status

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
EXIT_CODES = (0, 2, 3, 4, 5, 130)
FLAGS = [name for name in inspect.signature(sweep).parameters if name != "checkpoint"]


def commands() -> list[str]:
    known = [command for command in app.registered_commands if not command.hidden]
    return [command.name or str(getattr(command.callback, "__name__", "")) for command in known]


@pytest.mark.parametrize(
    "command", [*commands(), "model make", "model info", "baseline save", "baseline list", "baseline show"]
)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"loadbench {command}" in README


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_of_the_sweep_is_in_the_readme(flag: str) -> None:
    assert f"`--{flag.replace('_', '-')}" in README


@pytest.mark.parametrize("name", loaders.BUILT_IN)
def test_every_loader_and_its_tunables_are_in_the_readme(name: str) -> None:
    listed = README.split("## Loaders")[1].split("## Checkpoints")[0]
    (row,) = [line for line in listed.splitlines() if line.startswith(f"| `{name}` |")]
    in_row = re.findall(r"`(\w+)`", row.split("|")[3])
    assert in_row == list(loaders.tunables_of(loaders.find(name)))


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda command: command.callback.__name__)
def test_every_command_has_help(command: object) -> None:
    text = inspect.getdoc(getattr(command, "callback", None)) or ""
    assert len(text) > 40


@pytest.mark.parametrize("code", EXIT_CODES)
def test_every_exit_code_is_documented(code: int) -> None:
    (sentence,) = re.findall(r"Exit codes: .*?(?:\n\n)", README, re.DOTALL)
    assert re.search(rf"\b{code}\b", sentence)


def test_what_is_not_decided_is_the_same_everywhere() -> None:
    texts = (README, errors.__doc__ or "", str(app.info.epilog))
    meanings = [re.findall(r"3 not decided \((.*?)\), 4", " ".join(text.split())) for text in texts]
    assert [len(found) for found in meanings] == [1, 1, 1]
    assert len({found[0].lower() for found in meanings}) == 1


@pytest.mark.parametrize("word", [*get_args(Status), *get_args(Contract)])
def test_every_status_and_contract_is_explained(word: str) -> None:
    assert word in README.split("## Words")[1]


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[\w-]+)?\)", (ROOT / document).read_text()):
            assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_tables_side_by_side_are_what_their_commands_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    section = README.split("### Side by side\n")[1].split("\n### ")[0]
    blocks = re.findall(r"```sh\n(loadbench report .*)\n```\n\n((?:\|.*\n)+)", section)
    assert len(blocks) == 2
    for command, table in blocks:
        printed = CliRunner().invoke(app, [*shlex.split(command)[1:], "--format", "markdown"]).stdout
        rows = [html.unescape(line) for line in printed.splitlines() if line.startswith("|") and "---" not in line]
        assert [line for line in table.splitlines() if "---" not in line] == rows


def test_no_placeholder_is_left() -> None:
    assert "<!--" not in README
