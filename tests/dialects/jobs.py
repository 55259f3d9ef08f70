"""CI systems in small: they run the steps of a job as the real ones do, with stand-ins for python and loadbench."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

STAND_INS = {
    # `python -m venv DIR` copies both stand-ins there and leaves a file for a `*` to find; pip's arguments are noted.
    "python": """#!/bin/sh
case "$2" in
venv) mkdir -p "$3/bin" && cp "$STAND_INS/python" "$STAND_INS/loadbench" "$3/bin" && touch file ;;
pip) shift 2; echo "$0 in $(basename "$PWD"): $*" >> "$LOG" ;;
*) exit 9 ;;
esac
""",
    "loadbench": """#!/bin/sh
{ printf "$0"; printf " <%s>" "$@"; echo; } >> "$LOG"
mkdir -p results/gate && echo result > results/gate/gate.json
exit "$GATE_EXIT"
""",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a job."""

    job: Literal["passed", "warned", "failed"]
    output: str
    kept: bool
    """Whether the results were uploaded."""
    log: list[str]
    """What the stand-ins were called with."""


def github(workflow: dict[str, Any], directory: Path, gate_exit: int) -> Outcome:
    """The job of a workflow: a step that fails ends it, but for steps that are always run."""
    work, environment, log = _prepare(directory, gate_exit, workflow["env"])
    (job,) = workflow["jobs"].values()
    failed, kept, output = False, False, ""
    for step in job["steps"]:
        if failed and step.get("if") != "always()":
            continue
        if "path" in step.get("with", {}) and step["uses"].startswith("actions/checkout@"):
            (work / step["with"]["path"]).mkdir()
        if step.get("uses", "").startswith("actions/upload-artifact@"):
            kept = all((work / place).exists() for place in step["with"]["path"].split()[:1])
        if "run" in step:
            done = _bash(step["run"], work, environment)
            output += done.stdout
            failed = done.returncode != 0
    return Outcome("failed" if failed else "passed", output, kept, log.read_text().splitlines())


def gitlab(job: dict[str, Any], directory: Path, gate_exit: int) -> Outcome:
    """A job in a clone of a repository whose target branch is `main`."""
    work, environment, log = _prepare(directory, gate_exit, job["variables"])
    origin = directory / "origin"
    for command in (
        ["init", "-q", "-b", "main", str(origin)],
        ["-C", str(origin), "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "x"],
        ["clone", "-q", str(origin), str(work)],
    ):
        subprocess.run(["git", *command], check=True, capture_output=True)
    done = _bash("\n".join(job["script"]), work, environment | {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"})
    allowed = job["allow_failure"]["exit_codes"] if job["allow_failure"] else []
    outcome: Literal["passed", "warned", "failed"] = (
        "passed" if not done.returncode else "warned" if done.returncode in allowed else "failed"
    )
    artifacts = job["artifacts"]
    kept = (artifacts["when"] == "always" or outcome == "passed") and (work / artifacts["paths"][0]).exists()
    return Outcome(outcome, done.stdout + done.stderr, kept, log.read_text().splitlines())


def _prepare(directory: Path, gate_exit: int, variables: dict[str, str]) -> tuple[Path, dict[str, str], Path]:
    stand_ins, work, log = directory / "stand-ins", directory / "work", directory / "log"
    stand_ins.mkdir()
    work.mkdir()
    log.touch()
    for name, text in STAND_INS.items():
        (stand_ins / name).write_text(text)
        (stand_ins / name).chmod(0o755)
    own = {"STAND_INS": str(stand_ins), "LOG": str(log), "GATE_EXIT": str(gate_exit)}
    path = f"{stand_ins}{os.pathsep}{os.environ['PATH']}"
    return work, os.environ | own | variables | {"PATH": path, "GIT_CONFIG_GLOBAL": "/dev/null"}, log


def _bash(script: str, work: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=60)
