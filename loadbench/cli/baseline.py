"""`loadbench baseline`: runs kept by name, to gate later ones against."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Keep runs by name and machine, to gate later ones against.")

Directory = Annotated[Path, typer.Option("--baselines", help="Where baselines are kept.")]
_DIRECTORY = Path("results/baselines")


@app.command()
def save(
    name: Annotated[str, typer.Argument(help="What to call it, such as main.")],
    run: Annotated[Path, typer.Argument(help="The run: a directory that a sweep wrote.")],
    baselines: Directory = _DIRECTORY,
    force: Annotated[bool, typer.Option("--force", help="Replace the baseline of that name.")] = False,
) -> None:
    """Copy a run to where baselines are kept. A run that failed, or that a gate did not pass, is refused.

    Example: loadbench baseline save main results/gpt2-20261121-152146
    """
    from loadbench.gate.baselines import save

    _say(f"Kept {run} as {save(run, name, baselines, force=force)}")


@app.command("list")
def list_them(baselines: Directory = _DIRECTORY) -> None:
    """Show every baseline: name, machine, date, cases, versions."""
    from loadbench.gate.baselines import saved
    from loadbench.report.baseline_tables import baseline_list
    from loadbench.report.terminal import print_documents

    print_documents([baseline_list(saved(baselines), str(baselines))], sys.stdout)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The baseline, as `loadbench baseline list` shows it.")],
    baselines: Directory = _DIRECTORY,
) -> None:
    """Show the report of a baseline: of this machine if it has one of that name."""
    from loadbench.gate.baselines import find
    from loadbench.machine.environment import machine_id
    from loadbench.report import findings
    from loadbench.report.document import document
    from loadbench.report.terminal import print_documents

    found = find(name, machine_id(), baselines)
    assert found.run is not None, "one that cannot be read is an error"
    _say(str(found.path))
    print_documents([document(findings.find(found.run.stored))], sys.stdout)


def _say(text: str) -> None:
    from loadbench.report.text import visible

    typer.echo(visible(text), err=True)
