"""The command line. Nothing outside this package prints or exits.

Every command's imports are inside its function, so that `loadbench --help` answers at once.
"""

import errno
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import typer

from loadbench import __version__
from loadbench.cli.arm import arm
from loadbench.cli.baseline import app as baseline
from loadbench.cli.doctor import doctor
from loadbench.cli.export import export
from loadbench.cli.gate import gate
from loadbench.cli.init_ci import init_ci
from loadbench.cli.loaders import loaders
from loadbench.cli.model import app as model
from loadbench.cli.predict import predict
from loadbench.cli.probe import probe
from loadbench.cli.recommend import recommend
from loadbench.cli.report import report
from loadbench.cli.stdout import take_every_character
from loadbench.cli.sweep import sweep
from loadbench.cli.trend import trend
from loadbench.cli.trial import trial
from loadbench.errors import Interrupted, LoadbenchError

app = typer.Typer(
    name="loadbench",
    help="Which weight loader is fastest on this machine, with proof: verified cache state, hashed bytes.",
    epilog="Exit codes: 0 done, 1 nobody reads the output any more, 2 bad usage or input, 3 not decided (a run is "
    "inconclusive, cold cannot be proved, a loader could not be checked here, predict, recommend, probe or export "
    "found too little), 4 a trial delivered wrong bytes or none succeeded, 5 a bug in loadbench, 130 interrupted. "
    "gate has its own: see loadbench gate --help.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(sweep)
app.command()(report)
app.command()(export)
app.command()(recommend)
app.command()(gate)
app.command()(trend)
app.command()(predict)
app.command()(probe)
app.command()(doctor)
app.command()(loaders)
app.command()(trial)
app.command(hidden=True)(arm)
app.command("init-ci")(init_ci)
app.add_typer(model, name="model")
app.add_typer(baseline, name="baseline")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Errors that a user can mend become one message on stderr."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    take_every_character()
    try:
        app(args=arguments)
    except LoadbenchError as error:
        print(f"loadbench: {error}", file=sys.stderr)
        return error.exit_code
    except Interrupted:
        print("loadbench: interrupted", file=sys.stderr)
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 2
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO):
            print(f"loadbench: cannot write the output: {error.strerror}.", file=sys.stderr)
            return 2
        import traceback

        traceback.print_exc()
        print(
            f"loadbench {__version__}: this is a bug in loadbench; please report it with the lines above.",
            file=sys.stderr,
        )
        return 5
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted


@app.callback(invoke_without_command=True)
def _main(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        print(__version__)
        raise typer.Exit
