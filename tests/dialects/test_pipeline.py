"""The jobs that init-ci writes: valid, and what each of the gate's exit codes makes of them, by running their steps."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench import __version__
from loadbench.dialects.pipeline import PLACES, Inconclusive, Job, System, pipeline
from loadbench.errors import UsageError
from tests.dialects import jobs
from tests.dialects.results import HOSTILE

OWN = Path(__file__).parent.parent.parent / ".github" / "workflows" / "loadbench-gate.yml"
LOADERS = "fastsafetensors-nogds,runai-streamer,safetensors-mmap,safetensors-pread,tensorizer"
STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
GITHUB = {  # of the schema of GitHub's workflows, what is used here
    "type": "object",
    "required": ["on", "jobs"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "on": {"type": "object", "propertyNames": {"enum": ["pull_request", "workflow_dispatch"]}},
        "env": STRINGS,
        "permissions": {"const": {"contents": "read"}},
        "concurrency": {"type": "object", "required": ["group"]},
        "jobs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["runs-on", "steps"],
                "additionalProperties": False,
                "properties": {
                    "runs-on": {"type": "string"},
                    "timeout-minutes": {"type": "integer"},
                    "defaults": {"const": {"run": {"shell": "bash"}}},
                    "steps": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "oneOf": [{"required": ["uses"]}, {"required": ["run"]}],
                            "additionalProperties": False,
                            "properties": {
                                "name": {"type": "string"},
                                "id": {"type": "string", "pattern": "^[a-z]+$"},
                                "if": {"type": "string"},
                                "uses": {"type": "string", "pattern": r"^actions/[\w-]+@v\d+$"},
                                "with": {"type": "object"},
                                "run": {"type": "string", "not": {"pattern": r"\$\{\{"}},
                            },
                        },
                    },
                },
            },
        },
    },
}
GITLAB = {  # of GitLab's schema of .gitlab-ci.yml, what is used here
    "type": "object",
    "required": ["script"],
    "additionalProperties": False,
    "properties": {
        "stage": {"enum": [".pre", "build", "test", "deploy", ".post"]},
        "image": {"type": "string"},
        "rules": {"type": "array", "items": {"type": "object", "required": ["if"]}},
        "timeout": {"type": "string"},
        "interruptible": {"type": "boolean"},
        "resource_group": {"type": "string"},
        "variables": STRINGS,
        "script": {"type": "array", "items": {"type": "string"}},
        "allow_failure": {
            "oneOf": [
                {"type": "boolean"},
                {
                    "type": "object",
                    "required": ["exit_codes"],
                    "additionalProperties": False,
                    "properties": {"exit_codes": {"type": "array", "items": {"type": "integer"}, "minItems": 1}},
                },
            ]
        },
        "artifacts": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "when": {"enum": ["on_success", "on_failure", "always"]},
                "paths": {"type": "array", "items": {"type": "string"}},
                "reports": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"junit": {"type": "string"}, "metrics": {"type": "string"}},
                },
            },
        },
    },
}


def github(job: Job | None = None) -> dict[str, Any]:
    read: dict[Any, Any] = yaml.safe_load(pipeline("github", job or Job(), PLACES["github"]))
    return {"on" if key is True else key: value for key, value in read.items()}  # YAML 1.1 takes `on` for true


def gitlab(job: Job | None = None) -> dict[str, Any]:
    read: dict[str, dict[str, Any]] = yaml.safe_load(pipeline("gitlab", job or Job(), PLACES["gitlab"]))
    assert list(read) == ["loadbench-gate"]
    return read["loadbench-gate"]


def scripts() -> list[str]:
    steps = github()["jobs"]["gate"]["steps"]
    return [*(step["run"] for step in steps if "run" in step), "\n".join(gitlab()["script"])]


@pytest.mark.parametrize("inconclusive", get_args(Inconclusive))
def test_the_files_meet_the_schemas(inconclusive: Inconclusive) -> None:
    jsonschema.validate(github(Job(inconclusive=inconclusive)), GITHUB)
    jsonschema.validate(gitlab(Job(inconclusive=inconclusive)), GITLAB)


@pytest.mark.parametrize("script", scripts())
def test_every_script_is_one(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", "-s", "bash", "-"], input=script, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not installed")
def test_actionlint_has_nothing_to_say() -> None:
    done = subprocess.run(["actionlint", "-no-color", str(OWN)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("gate_exit", "inconclusive", "expected"),
    [
        (0, "warn", "passed"),
        (1, "warn", "failed"),
        (2, "warn", "failed"),
        (3, "warn", "warned"),
        (3, "fail", "failed"),
        (4, "warn", "failed"),
        (5, "warn", "failed"),
    ],
)
def test_what_each_exit_code_makes_of_the_job(
    tmp_path: Path, gate_exit: int, inconclusive: Inconclusive, expected: str
) -> None:
    job = Job(inconclusive=inconclusive)
    for name in ("github", "gitlab"):
        (tmp_path / name).mkdir()
    on_github = jobs.github(github(job), tmp_path / "github", gate_exit)
    on_gitlab = jobs.gitlab(gitlab(job), tmp_path / "gitlab", gate_exit)
    # GitHub has no outcome between the two: the job passes, with an annotation.
    warned = "::warning title=INCONCLUSIVE::" in on_github.output
    assert (on_github.job, warned) == ("passed" if expected == "warned" else expected, expected == "warned")
    assert on_gitlab.job == expected, on_gitlab.output
    assert on_github.kept
    assert on_gitlab.kept


@pytest.mark.parametrize("system", get_args(System))
def test_either_side_is_installed_in_its_own_tree_and_the_gate_gets_both(tmp_path: Path, system: System) -> None:
    job = Job("my models", "a,b", "--no-deps * .[x]")
    if system == "github":
        outcome = jobs.github(github(job), tmp_path, 0)
        report = ["--github"]
    else:
        outcome = jobs.gitlab(gitlab(job), tmp_path, 0)
        report = ["--metrics", "metrics.txt"]
    base, head, gate = outcome.log
    assert base == "../.venv-base/bin/python in .loadbench-base: install --no-deps * .[x]"
    assert head == ".venv-head/bin/python in work: install --no-deps * .[x]"
    words = ["gate", "my models", "--loader", "a,b", "--base-python", ".venv-base/bin/python"]
    words += ["--head-python", ".venv-head/bin/python", "--out", "results/gate", "--junit", "gate.xml", *report]
    assert gate == f".venv-head/bin/loadbench {' '.join(f'<{word}>' for word in words)}"


def test_an_environment_that_cannot_be_made_ends_the_job(tmp_path: Path) -> None:
    workflow = github()
    workflow["jobs"]["gate"]["steps"][3]["run"] = workflow["jobs"]["gate"]["steps"][3]["run"].replace("pip", "pop")
    outcome = jobs.github(workflow, tmp_path, 0)
    assert (outcome.job, outcome.log) == ("failed", [])


@pytest.mark.parametrize("safe", [True, False])
def test_no_side_imports_the_sources_in_the_working_directory(tmp_path: Path, safe: bool) -> None:
    (tmp_path / "loadbench").mkdir()
    (tmp_path / "loadbench" / "__init__.py").write_text("")
    (tmp_path / "loadbench" / "__main__.py").write_text("print('the pull request')")
    for variables in (github()["env"], gitlab()["variables"]):
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
        environment |= {key: value for key, value in variables.items() if safe or key != "PYTHONSAFEPATH"}
        command = [sys.executable, "-m", "loadbench", "--version"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == (__version__ if safe else "the pull request")


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(HOSTILE))
def test_any_value_is_read_back_or_refused(value: str) -> None:
    job = Job(checkpoint=value, loaders=value, install=value)
    if not value.isprintable():
        with pytest.raises(UsageError, match="cannot be printed"):
            pipeline("github", job, "x")
        return
    expected = {"CHECKPOINT": value, "LOADERS": value, "INSTALL": value}
    assert github(job)["env"].items() >= expected.items()
    assert gitlab(job)["variables"].items() >= expected.items()


def test_the_project_has_the_job_that_init_ci_writes_for_it() -> None:
    """loadbench init-ci github --force --loader ... --install "--constraint scripts/constraints.txt ." """
    job = Job(loaders=LOADERS, install="--constraint scripts/constraints.txt .")
    assert OWN.read_text() == pipeline("github", job, PLACES["github"])
