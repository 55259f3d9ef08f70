"""`loadbench init-ci`: a ready job that runs the gate in CI."""

from pathlib import Path
from typing import Annotated, Literal

import typer

_EDIT = {
    "github": "look at CHECKPOINT, LOADERS, INSTALL and runs-on in it, and commit it.",
    "gitlab": "look at CHECKPOINT, LOADERS, INSTALL and image in it, include it in .gitlab-ci.yml, and commit both.",
}


def init_ci(
    system: Annotated[Literal["github", "gitlab"], typer.Argument(help="Whose CI it is for.")],
    output: Annotated[
        Path | None,
        typer.Option(help="The file; without it .github/workflows/loadbench-gate.yml or .gitlab/loadbench-gate.yml."),
    ] = None,
    checkpoint: Annotated[
        str, typer.Option(help="A model that loadbench can make, or the path of a checkpoint on the runner.")
    ] = "gpt2",
    loader: Annotated[str | None, typer.Option(help="Loaders to gate, as a comma list.")] = None,
    install: Annotated[
        str | None,
        typer.Option(help="Arguments of pip that install either side in its own tree, loadbench and the loaders."),
    ] = None,
    inconclusive: Annotated[
        Literal["warn", "fail"], typer.Option(help="What becomes of the job where the gate cannot decide.")
    ] = "warn",
    force: Annotated[bool, typer.Option(help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a job for CI that gates every pull request: two environments, `loadbench gate`, results that are kept.

    Example: loadbench init-ci github --loader runai-streamer --install "loadbench -r requirements.txt"
    """
    from dataclasses import replace

    from loadbench import store
    from loadbench.dialects.pipeline import PLACES, Job, pipeline
    from loadbench.errors import UsageError

    path = output or Path(PLACES[system])
    if path.exists() and not force:
        raise UsageError(f"{path} exists. Overwrite it with --force, or name another file with --output.")
    job = Job(checkpoint=checkpoint, inconclusive=inconclusive)
    if loader is not None:
        job = replace(job, loaders=loader)
    if install is not None:
        job = replace(job, install=install)
    text = pipeline(system, job, str(path))
    store.make_directory(path.parent)
    store.replace_file(path, text)
    typer.echo(f"Wrote {path}. Now {_EDIT[system]}", err=True)
