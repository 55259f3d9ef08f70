"""Every error that ends a command, each with its exit code.

A message has three parts: what is wrong, where, and what to do now. `cli` prints it on one or
two lines and exits with the class's code; anything that is not a `LoadbenchError` is a bug in
loadbench and exits with 5.

Exit codes: 0 done, 1 nobody reads the output any more, 2 bad usage or input, 3 not decided (a run is inconclusive,
cold cannot be proved, a loader could not be checked here, predict, recommend, probe or export found too little), 4 a
trial delivered wrong bytes or none succeeded, 5 internal error, 130 interrupted by Ctrl-C or SIGTERM.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class LoadbenchError(Exception):
    """An error that a user can do something about."""

    exit_code = 2


class UsageError(LoadbenchError):
    """A flag, a value or a configuration file that cannot be used."""


class CheckpointError(LoadbenchError):
    """A checkpoint that is missing, damaged or cannot be written."""


class StoreError(LoadbenchError):
    """A results directory that cannot be read or written."""


class ResultsError(LoadbenchError):
    """Results, or a machine, that do not say what was asked of them."""

    exit_code = 3


class CacheControlError(LoadbenchError):
    """The page cache cannot be brought into the state that was asked for."""


class InternalError(LoadbenchError):
    """A bug in loadbench."""

    exit_code = 5


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. Exit code 130."""


def unknown_name(kind: str, name: str, known: Iterable[str], where: str = "") -> UsageError:
    """The error for a name that is not known: it lists the known ones, the nearest first."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    place = f" in {where}" if where else ""
    return UsageError(f"unknown {kind} '{name}'{place}.{hint} Known: {', '.join(names) or 'none'}.")
