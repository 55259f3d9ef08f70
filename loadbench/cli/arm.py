"""`loadbench arm`: one side of a gate, in the environment of its interpreter. Started by `loadbench gate`, not by hand.

Both directions are JSON, a message a line. The first line on stdin is what `_open` reads; the answer says which cases
there are, or what is wrong. Every further line asks for one trial, and its record is the answer, when it is on disk.
The last one, `{"end": true}`, says that this was all; where it does not come the gate is gone, and the run did not end.
"""

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from loadbench.records import Record
    from loadbench.store import RunWriter
    from loadbench.sweep.rounds import Bench


@dataclass(frozen=True)
class _Arm:
    """An arm that is ready to try cases."""

    writer: "RunWriter"
    bench: "Bench"
    skipped: dict[str, str]

    def trial(self, place: int, round_number: int, attempt: int) -> "Record":
        """Try a case, by its place in the plan."""
        from loadbench.sweep.rounds import one_trial

        plan = self.writer.run.plan
        record = one_trial(plan.cases[place], plan, self.bench, round_number, attempt)
        self.writer.append(record)
        return record


def arm(
    pipe: Annotated[int, typer.Argument(help="Number of the pipe that the answers go to.", min=3)],
) -> None:
    """One side of a gate: used by `loadbench gate`."""
    from loadbench.errors import LoadbenchError

    answers = _pipe_to_gate(pipe)
    with ExitStack() as cleanup:
        try:
            ready = _open(json.loads(sys.stdin.readline()), cleanup)
            _answer(answers, {"run": json.loads(ready.writer.run.model_dump_json()), "skipped": ready.skipped})
            for request in map(json.loads, sys.stdin):
                if "end" in request:
                    ready.writer.end("complete")
                    break
                record = ready.trial(request["case"], request["round"], request["attempt"])
                _answer(answers, json.loads(record.model_dump_json(exclude_defaults=True)))
        except LoadbenchError as error:
            _answer(answers, {"error": str(error), "exit_code": error.exit_code})


def _open(request: dict[str, Any], cleanup: ExitStack) -> _Arm:
    """Plan, prepare, and start the run's directory."""
    from loadbench import store
    from loadbench.cli.checkpoints import check_name, named_checkpoint
    from loadbench.cli.sweep_run import measure_ceilings, prepare, run_file
    from loadbench.records import Plan
    from loadbench.sweep.options import options_from_json, options_to_json
    from loadbench.sweep.plan import plan_cases
    from loadbench.sweep.processes import process_context, start_zygote
    from loadbench.sweep.rounds import Bench

    options = options_from_json(request["options"])
    out = Path(request["out"])
    for name in options.checkpoint:
        check_name(name)
    start_zygote(options.isolation)
    checkpoints = [named_checkpoint(name) for name in options.checkpoint]
    planned = [planned for checkpoint in checkpoints for planned in plan_cases(options, checkpoint.name)]
    ceilings = measure_ceilings(checkpoints, options) if options.ceilings else []
    plan = Plan(
        cases=[one.case for one in planned],
        rounds=request["rounds"],
        seed=request["seed"],
        isolation=options.isolation,
        timeout_s=options.timeout,
        options=options_to_json(options),
    )
    inputs = prepare(checkpoints, planned, options, cleanup)
    run = run_file(out, plan, inputs, ceilings, checkpoints, [], request["command"])
    writer = store.RunWriter.create(out, run)
    cleanup.callback(writer.close)
    skipped = dict(inputs.skipped)
    if request["leave_out"]:
        skipped |= dict.fromkeys(inputs.jobs, "left out by the gate's self-test")
    bench = Bench(
        jobs={name: replace(job, handicap=request["handicap"]) for name, job in inputs.jobs.items()},
        context=process_context(plan.isolation),
        logs=writer.path / store.LOGS,
        session=0,
        payload_bytes={name: info.payload_bytes for name, info in inputs.infos.items()},
        tolerated=options.tolerated,
    )
    return _Arm(writer, bench, skipped)


def _pipe_to_gate(pipe: int) -> TextIO:
    """The pipe that answers go to. What anything prints goes to stderr, where the gate's progress goes too."""
    from loadbench.errors import UsageError

    try:
        os.set_inheritable(pipe, False)
        return os.fdopen(pipe, "w", encoding="utf-8")
    except OSError as error:
        raise UsageError("this command is started by `loadbench gate`, not by hand.") from error


def _answer(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()
