"""The job that runs a gate in a CI system, as a file that is ready to be committed."""

import json
from dataclasses import dataclass, fields
from importlib.resources import files
from string import Template
from typing import Literal

from loadbench import __version__
from loadbench.errors import UsageError

System = Literal["github", "gitlab"]
Inconclusive = Literal["warn", "fail"]
PLACES: dict[System, str] = {
    "github": ".github/workflows/loadbench-gate.yml",
    "gitlab": ".gitlab/loadbench-gate.yml",
}
_ALLOW_FAILURE: dict[Inconclusive, str] = {"warn": "\n    exit_codes: [3]", "fail": " false"}


class _Template(Template):
    """`%%{name}`: shells, GitHub and GitLab have uses of their own for a dollar."""

    delimiter = "%%"


@dataclass(frozen=True)
class Job:
    """What differs from one project to the next."""

    checkpoint: str = "gpt2"
    loaders: str = "fastsafetensors-nogds,runai-streamer,safetensors-mmap"
    install: str = f"loadbench=={__version__} -r requirements.txt"
    """Arguments of pip, for either side in its own tree."""
    inconclusive: Inconclusive = "warn"
    """Whether the job fails where the gate cannot decide."""


def pipeline(system: System, job: Job, place: str) -> str:
    """The YAML of the job. `place` is where it will lie in the repository."""
    template = (files("loadbench.dialects") / "templates" / f"{system}.yml").read_text(encoding="utf-8")
    values = {field.name: _quoted(field.name, getattr(job, field.name)) for field in fields(job)}
    return _Template(template).substitute(
        values, place=_printable("--output", place), allow_failure=_ALLOW_FAILURE[job.inconclusive]
    )


def _quoted(name: str, value: str) -> str:
    """A YAML string: one of JSON is one."""
    return json.dumps(_printable(f"--{name}", value), ensure_ascii=False)


def _printable(flag: str, value: str) -> str:
    if not value.isprintable():
        raise UsageError(f"{flag} has a character that cannot be printed, such as a line's end. Leave it out.")
    return value
