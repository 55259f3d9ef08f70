"""`loadbench gate`: whether a change made loading slower, as a verdict and an exit code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loadbench.cli import case_flags as flags

if TYPE_CHECKING:
    from loadbench.cli.gate_run import Sides
    from loadbench.gate.result import Rules

_SIDES = "The two sides"
_RULES = "What counts as slower"
_STORED = "A stored run"
_CI = "For CI systems"


def gate(
    checkpoint: flags.Checkpoints = None,
    base_python: Annotated[
        Path | None,
        typer.Option(help="Interpreter of the baseline's environment. Default: this one.", rich_help_panel=_SIDES),
    ] = None,
    head_python: Annotated[
        Path | None,
        typer.Option(help="Interpreter of the candidate's environment. Default: this one.", rich_help_panel=_SIDES),
    ] = None,
    base_set: Annotated[
        list[str] | None,
        typer.Option(metavar="LOADER.TUNABLE=VALUE", help="A setting of the baseline.", rich_help_panel=_SIDES),
    ] = None,
    head_set: Annotated[
        list[str] | None,
        typer.Option(metavar="LOADER.TUNABLE=VALUE", help="A setting of the candidate.", rich_help_panel=_SIDES),
    ] = None,
    margin: Annotated[str, typer.Option(help="A case may be slower by this much: 5%.", rich_help_panel=_RULES)] = "5%",
    at_least: Annotated[
        str, typer.Option(help="A median that is slower by less time is no matter: 5ms.", rich_help_panel=_RULES)
    ] = "5ms",
    detect: Annotated[
        str,
        typer.Option(
            help="The slowdown that must be found if it is there; else the verdict is INCONCLUSIVE: 20%.",
            rich_help_panel=_RULES,
        ),
    ] = "20%",
    rounds: Annotated[
        int, typer.Option(help="Pairs of trials of every case, to flag what looks slower.", rich_help_panel=_RULES)
    ] = 6,
    confirm: Annotated[
        int, typer.Option(help="Fresh pairs of what was flagged, to be sure.", rich_help_panel=_RULES)
    ] = 8,
    accept_improvement: Annotated[
        bool,
        typer.Option(
            "--accept-improvement", help="Believe a candidate that takes half the time or less.", rich_help_panel=_RULES
        ),
    ] = False,
    loader: flags.Loaders = None,
    threads: flags.Threads = None,
    buffer: flags.Buffer = None,
    concurrency: flags.Concurrency = None,
    set: flags.Set = None,
    dtype: flags.Dtypes = None,
    cache: flags.Caches = None,
    device: flags.Devices = None,
    contract: flags.Contracts = None,
    seed: flags.Seed = None,
    timeout: flags.Timeout = None,
    isolation: flags.Isolated = None,
    cold_by: flags.ColdBy = None,
    memory_limit: flags.MemoryLimit = None,
    tolerate: flags.Tolerate = None,
    ceilings: flags.Ceilings = None,
    config: flags.Config = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Judge this stored run instead of measuring two sides.", rich_help_panel=_STORED),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            help="With --run: a folder with at least 8 earlier runs of this machine.", rich_help_panel=_STORED
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(help="With --run: a saved baseline's name, or a run's directory.", rich_help_panel=_STORED),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="With --baseline: the loader whose time each is divided by.", rich_help_panel=_STORED),
    ] = None,
    any_machine: Annotated[
        bool, typer.Option("--any-machine", help="Take runs of other machines too.", rich_help_panel=_STORED)
    ] = False,
    baselines: Annotated[Path, typer.Option(help="Where baselines are kept.", rich_help_panel=_STORED)] = Path(
        "results/baselines"
    ),
    max: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT", help="Such as 'load<4s' or 'rss<8G'; may be given again.", rich_help_panel=_RULES
        ),
    ] = None,
    min: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT", help="Such as 'ceiling>0.8' or 'gb/s>2'; may be given again.", rich_help_panel=_RULES
        ),
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.", rich_help_panel=_CI)] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Annotations, step summary and outputs.", rich_help_panel=_CI)
    ] = False,
    metrics: Annotated[
        Path | None, typer.Option(help="Write OpenMetrics text, for GitLab.", rich_help_panel=_CI)
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the whole result.", rich_help_panel=_CI)] = None,
    out: Annotated[Path | None, typer.Option(help="Directory of the gate. Default: results/gate-DATE-TIME.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print, for each case, every trial, the tests and their limits.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    self_test: Annotated[
        bool,
        typer.Option(
            "--self-test",
            help="Gate nothing, a slowdown and a missing case, and see whether the verdicts are right here, now.",
        ),
    ] = False,
) -> None:
    """Compare two environments, or two settings, in interleaved pairs of trials, and end in a verdict.

    Exit codes: PASS 0, REGRESSION 1, INCONCLUSIVE 3, INVALID 4; 2 bad usage, 5 a bug in loadbench.

    Example: loadbench gate --base-python .venv-base/bin/python --head-python .venv/bin/python --loader runai-streamer
    """
    from loadbench.cli.gate_run import Asked, check_sides, measure_gate, print_result, ready_text
    from loadbench.cli.gate_stored import gate_stored_command
    from loadbench.cli.sweep_options import asked_options
    from loadbench.dialects.write import check_places, write_dialects
    from loadbench.gate.limits import parse_limit
    from loadbench.machine.secrets import redact_command

    check_places(junit, metrics, json)
    rules = _rules(margin, at_least, detect, rounds, confirm, accept_improvement=accept_improvement)
    limits = [*(parse_limit(text, "--max") for text in max or ()), *(parse_limit(text, "--min") for text in min or ())]
    stored = {"--history": history, "--baseline": baseline, "--reference": reference, "--any-machine": any_machine}
    given: dict[str, Any] = {
        "checkpoint": checkpoint or None, "loader": loader, "dtype": dtype, "cache": cache, "device": device,
        "contract": contract, "timeout": timeout, "isolation": isolation, "cold_by": cold_by,
        "memory_limit": memory_limit, "tolerate": tolerate, "ceilings": ceilings, "seed": seed,
    }  # fmt: skip
    axes = {"threads": threads, "buffer": buffer, "concurrency": concurrency}
    if run is not None:
        measured = {"CHECKPOINT": checkpoint, "--base-python": base_python, "--head-python": head_python,
                    "--base-set": base_set, "--head-set": head_set, "--self-test": self_test, "--out": out,
                    "--dry-run": dry_run, "--set": set, "--config": config,
                    **{f"--{name.replace('_', '-')}": value for name, value in {**given, **axes}.items()
                       if name not in ("checkpoint", "tolerate")}}  # fmt: skip
        _refuse(measured, "does not go with --run, which judges all trials of a run that was made before")
        result = gate_stored_command(
            run, history=history, baseline=baseline, reference=reference, maximum=max or (), minimum=min or (),
            any_machine=any_machine, baselines=baselines, rules=rules,
            command=redact_command(["loadbench", *sys.argv[1:]]),
        )  # fmt: skip
        report_path = run
    else:
        _refuse(stored, "is about a stored run: name it with --run")
        asked = Asked(
            options=asked_options(given, axes, set or [], config),
            base_python=base_python,
            head_python=head_python,
            base_set=tuple(base_set or ()),
            head_set=tuple(head_set or ()),
            rules=rules,
            limits=tuple(limits),
        )
        sides = check_sides(asked, out, itself=self_test)
        if self_test:
            others = {"--junit": junit, "--metrics": metrics, "--json": json, "--github": github, "--max": max,
                      "--min": min, "--explain": explain, "--dry-run": dry_run, "--head-python": head_python,
                      "--head-set": head_set}  # fmt: skip
            _refuse(others, "does not go with --self-test, which tries the gate on one side alone")
            raise typer.Exit(_test_itself(sides, rules))
        if dry_run:
            print(ready_text(sides, rules))
            return
        result, report_path = measure_gate(sides, rules), sides.out
    write_dialects(result, junit=junit, metrics=metrics, json=json, report_path=report_path)  # whoever reads stdout
    print_result(result, explain=explain)
    if github:
        write_dialects(result, github=sys.stdout, report_path=report_path)
    raise typer.Exit(result.exit_code)


def _refuse(options: dict[str, Any], why: str) -> None:
    """Options of the other way to ask are a mistake."""
    from loadbench.errors import UsageError

    for name, value in options.items():
        if value not in (None, False, (), []):
            raise UsageError(f"{name} {why}.")


def _test_itself(sides: "Sides", rules: "Rules") -> int:
    """Print what each exercise had to give and gave. The exit code."""
    from loadbench.cli.gate_self_test import exit_code, self_test

    exercises = self_test(sides, rules)
    for exercise in exercises:
        mark = "ok" if exercise.passed else "WRONG"
        print(
            f"{mark:6}{exercise.name}: {exercise.result.verdict}, {exercise.wanted} was due. {exercise.result.reason}"
        )
    return exit_code(exercises)


def _rules(margin: str, at_least: str, detect: str, rounds: int, confirm: int, *, accept_improvement: bool) -> "Rules":
    """The rules, each checked where it was written."""
    from loadbench.errors import UsageError
    from loadbench.gate.result import FEWEST_PAIRS, Rules
    from loadbench.sweep.options import MOST_ROUNDS
    from loadbench.units import parse_duration, parse_share

    shares = {"--margin": parse_share(margin), "--detect": parse_share(detect)}
    for flag, share in shares.items():
        if not 0 <= share <= 10:
            raise UsageError(f"{flag} {100 * share:g}%: write a share such as 5% or 0.05.")
    if shares["--detect"] <= shares["--margin"]:
        raise UsageError(f"--detect {detect} must be more than --margin {margin}: less than the margin is allowed.")
    for flag, count in (("--rounds", rounds), ("--confirm", confirm)):
        if not FEWEST_PAIRS <= count <= MOST_ROUNDS:
            raise UsageError(
                f"{flag} {count}: write {FEWEST_PAIRS} to {MOST_ROUNDS} pairs; with fewer no test can tell."
            )
    return Rules(
        margin=shares["--margin"],
        least_ns=round(parse_duration(at_least) * 1e9),
        detect=shares["--detect"],
        screen_rounds=rounds,
        confirm_rounds=confirm,
        accept_improvement=accept_improvement,
    )
