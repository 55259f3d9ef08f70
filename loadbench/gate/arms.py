"""The two sides of an A/B gate, each a process of its own in its own environment, driven one trial at a time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from loadbench import __version__
from loadbench.errors import LoadbenchError, UsageError
from loadbench.records import Case, Record, Run

_GOODBYE_S = 20.0


class ArmError(LoadbenchError):
    """A side of the gate that stopped in the middle: nothing can be compared."""

    exit_code = 4


@dataclass(frozen=True)
class Side:
    """How one side is started."""

    name: str
    """`the baseline` or `the candidate`."""
    python: Path
    options: dict[str, Any]
    """SweepOptions as JSON."""
    out: Path
    """Directory of its run."""
    rounds: int
    seed: int
    command: Sequence[str]
    handicap: float = 0.0
    """For the self-test: every load is slowed down by this share of its time."""
    leave_out: bool = False
    """For the self-test: none of its cases can be tried."""


class Arm:
    """A side that is running. Use it in a `with` block: no process of it is left behind."""

    def __init__(self, side: Side):
        self.side = side
        check_python(side)
        # Answers have a pipe of their own: an environment may print when Python starts, before loadbench can stop it.
        reading, writing = os.pipe()
        self._answers = os.fdopen(reading, encoding="utf-8")
        try:
            # -P: else Python would take a loadbench that lies in the working directory, for both sides the same one.
            self._process = subprocess.Popen(
                [side.python, "-P", "-m", "loadbench", "arm", str(writing)],
                stdin=subprocess.PIPE,
                stdout=sys.stderr.fileno(),
                pass_fds=[writing],
                text=True,
                start_new_session=True,  # Ctrl-C is for the gate, which ends its arms in order
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        except OSError as error:
            self._answers.close()
            raise UsageError(
                f"{side.name}'s Python, {side.python}, cannot be started: {error.strerror}. Name the interpreter of "
                "an environment, such as .venv/bin/python."
            ) from error
        finally:
            os.close(writing)
        request = {
            "options": side.options,
            "out": str(side.out),
            "rounds": side.rounds,
            "seed": side.seed,
            "command": list(side.command),
            "handicap": side.handicap,
            "leave_out": side.leave_out,
        }
        try:
            answer = self._ask(request)
            _same_version(side, answer["run"].get("loadbench_version"))  # first: another one's format may be unknown
            self.run = Run.model_validate(answer["run"])
            self.skipped: dict[str, str] = answer["skipped"]
        except BaseException:
            self._kill()
            raise

    def __enter__(self) -> "Arm":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end()
        else:
            self._kill()

    @property
    def cases(self) -> list[Case]:
        """The cases of its plan that can be tried."""
        return [case for case in self.run.plan.cases if case.name not in self.skipped]

    def trial(self, case: Case, round_number: int, attempt: int) -> Record:
        """Try one case once. The record is on disk when it is here."""
        place = next(place for place, one in enumerate(self.run.plan.cases) if one == case)
        return Record.model_validate(self._ask({"case": place, "round": round_number, "attempt": attempt}))

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        line = ""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
            line = self._answers.readline()
        if not line.endswith("\n"):
            self._wait_or_kill()
            raise ArmError(f"{self.side.name} ({self.side.python}) {_end_text(self.side, self._process.returncode)}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            failure = LoadbenchError(f"{self.side.name}: {answer['error']}")
            failure.exit_code = answer["exit_code"]
            raise failure
        return answer

    def _end(self) -> None:
        """Let it close its run as one that is complete."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"end": True}) + "\n")
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._wait_or_kill()
        self._answers.close()

    def _kill(self) -> None:
        """SIGTERM is an interruption to it: it ends its trial, closes its run and goes."""
        self._process.terminate()
        self._wait_or_kill()
        self._answers.close()

    def _wait_or_kill(self) -> None:
        try:
            self._process.wait(timeout=_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _end_text(side: Side, code: int) -> str:
    """How an arm ended, and what that may mean: 1 is Python's exit code for a module that is not there."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}: by hand, or because memory ran out."
    hint = f" If it has no loadbench: {side.python} -m pip install loadbench=={__version__}" if code == 1 else ""
    return f"stopped with exit code {code}: what it printed stands above.{hint}"


def _same_version(side: Side, found: object) -> None:
    """An error for another loadbench."""
    if found != __version__:
        raise UsageError(
            f"{side.name} has loadbench {found} and this is {__version__}: a difference between the two could be "
            f"loadbench's. Install the same one: {side.python} -m pip install loadbench=={__version__}"
        )


def check_python(side: Side) -> None:
    """Find an interpreter that cannot be one before anything is started."""
    if not side.python.is_file() or not os.access(side.python, os.X_OK):
        raise UsageError(
            f"{side.name}'s Python, {side.python}, is no program. Name the interpreter of an environment, such as "
            ".venv/bin/python."
        )
