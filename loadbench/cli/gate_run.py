"""The parts of a gate that talk while they work: the plan, the two arms, screening and confirming, the verdict."""

import os
import secrets
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadbench import __version__, store
from loadbench.analysis.timings import estimate, spread
from loadbench.analysis.verdict import busy
from loadbench.cli.gate_progress import GateProgress
from loadbench.cli.history import read_history
from loadbench.cli.host_lock import host_lock
from loadbench.cli.plan_text import ROUGH_SCATTER, sizes_of
from loadbench.cli.sweep_options import parse_set
from loadbench.cli.sweep_run import check_cases, say
from loadbench.errors import UsageError
from loadbench.gate.arms import Arm, Side, check_python
from loadbench.gate.detectable import detectable
from loadbench.gate.limits import Limit, check_limits
from loadbench.gate.measure import Bout, pair_arms
from loadbench.gate.measured_run import measured_run
from loadbench.gate.pairs import Pair
from loadbench.gate.result import CaseResult, GateResult, Rules, Verdict, gravest
from loadbench.machine.secrets import redact_command
from loadbench.records import Run, name_value
from loadbench.sweep.options import SweepOptions, options_to_json
from loadbench.sweep.plan import plan_cases
from loadbench.units import human_duration

GATE_FILE = "gate.json"
_ROUGH_SECONDS = 1.5
"""A trial on a machine of which nothing is known."""


@dataclass(frozen=True)
class Asked:
    """A gate as a person asks for it."""

    options: Mapping[str, Any]
    base_python: Path | None
    head_python: Path | None
    base_set: tuple[str, ...]
    head_set: tuple[str, ...]
    rules: Rules
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Sides:
    """What is going to be compared, and where it is kept."""

    base: Side
    head: Side
    options: SweepOptions
    """The candidate's."""
    same_settings: bool
    out: Path
    limits: tuple[Limit, ...] = ()
    """Of the candidate, beside the comparison."""


def check_sides(asked: Asked, out: Path | None, *, itself: bool = False) -> Sides:
    """Both sides, checked as far as that is possible without starting them. For a self-test they may be the same."""
    if not itself and not (asked.base_python or asked.head_python or asked.base_set or asked.head_set):
        raise UsageError(
            "a gate compares two sides. Name two environments (--base-python .venv-base/bin/python --head-python "
            ".venv/bin/python) or two settings (--base-set fastsafetensors-nogds.threads=8 --head-set "
            "fastsafetensors-nogds.threads=16)."
        )
    out = out or Path("results") / f"gate-{datetime.now():%Y%m%d-%H%M%S}"
    given = asked.options.get("seed")
    seed = secrets.randbelow(2**31) if given is None else given
    common = dict(asked.options) | {"rounds": None, "precision": None, "budget": None, "seed": seed}
    base, head = (_options(common, texts) for texts in (asked.base_set, asked.head_set))
    for options in (base, head):
        check_cases(options)
    _check_limits(head, asked.limits)
    here = Path(sys.executable)
    command = redact_command(["loadbench", *sys.argv[1:]])
    rounds = asked.rules.screen_rounds
    return Sides(
        Side(
            "the baseline",
            asked.base_python or here,
            options_to_json(_without_ceilings(base)),
            out / "base",
            rounds,
            seed,
            command,
        ),
        Side("the candidate", asked.head_python or here, options_to_json(head), out / "head", rounds, seed, command),
        head,
        base.set == head.set,
        out,
        asked.limits,
    )


def _check_limits(options: SweepOptions, limits: Sequence[Limit]) -> None:
    """A limit that is for no case would never be broken."""
    cases = [one.case for name in options.checkpoint for one in plan_cases(options, name)]
    for limit in limits:
        if not any(limit.covers(case) for case in cases):
            loaders = ", ".join(dict.fromkeys(case.loader for case in cases))
            raise UsageError(f"the limit '{limit.text}' is for no case of this gate. Its loaders: {loaders}.")


def _options(common: Mapping[str, Any], texts: Sequence[str]) -> SweepOptions:
    return SweepOptions(**{**common, "set": {**common.get("set", {}), **parse_set(texts)}})


def _without_ceilings(options: SweepOptions) -> SweepOptions:
    """The ceilings are the machine's: they are measured once, by the candidate's side."""
    return replace(options, ceilings=False)


def ready_text(sides: Sides, rules: Rules) -> str:
    """The plan: cases, trials, time, and how small a slowdown it will find."""
    sizes = {found.name: found.bytes for found in map(sizes_of, sides.options.checkpoint)}
    cases = [one.case for name in sizes for one in plan_cases(sides.options, name) if not one.skip]
    history = read_history(Path("results"))
    costs = [estimate(case, sizes[case.checkpoint], history.trials) for case in cases]
    pair_s = 2 * sum(found.wall_s if found else _ROUGH_SECONDS for found in costs)
    lines = [
        f"{len(cases)} cases × {rules.screen_rounds} pairs = {2 * len(cases) * rules.screen_rounds} trials, then "
        f"{rules.confirm_rounds} fresh pairs of each case that looks slower",
        f"ETA {human_duration(pair_s * rules.screen_rounds)}, and about "
        f"{human_duration(pair_s / len(cases) * rules.confirm_rounds)} for each case that looks slower",
        f"the smallest slowdown that 4 of 5 such gates find; {100 * rules.detect:g} % is asked for:",
    ]
    for cache in dict.fromkeys(case.cache for case in cases):
        scatter = spread(one for one in history.trials if one.case.cache == cache)
        basis = f"{len(scatter)} earlier {cache} trials here"
        if len(scatter) < 2 * rules.confirm_rounds:
            scatter, basis = ROUGH_SCATTER, "an assumed spread of 5 %: nothing was measured here yet"
        least = detectable(scatter, len(cases), rules)
        lines.append(f"  {cache}: {'none' if least is None else f'{100 * least:.0f} %'} ({basis})")
    return "\n".join(lines)


def measure_gate(sides: Sides, rules: Rules) -> GateResult:
    """Start both arms, screen, confirm, decide. The result is on disk when this returns."""
    started, clock = datetime.now(UTC), time.monotonic()
    for side in (sides.base, sides.head):
        check_python(side)
        if store.has_run(side.out):
            raise UsageError(f"{sides.out} holds a gate already, which cannot be continued. Name another --out.")
        store.reserve(side.out)
    with ExitStack() as cleanup:
        for side in (sides.base, sides.head):
            cleanup.callback(store.release, side.out)
        cleanup.enter_context(host_lock("gate"))
        say(ready_text(sides, rules))
        base = cleanup.enter_context(Arm(sides.base))
        head = cleanup.enter_context(Arm(sides.head))
        bout = Bout({"base": base, "head": head}, pair_arms(base, head, same_settings=sides.same_settings))
        cases = [_with_command(case, bout, sides) for case in _rounds(bout, rules, sides.head.seed)]
        cases += check_limits(measured_run(bout.stored("head")), sides.limits)
        result = _result(sides, rules, bout, cases, started, time.monotonic() - clock)
    write_result(sides.out, result)
    return result


def _rounds(bout: Bout, rules: Rules, seed: int) -> tuple[CaseResult, ...]:
    """Screen all pairs, confirm those that look slower, decide."""
    pairs = bout.paired.pairs
    if not pairs:
        return bout.decide(rules)
    progress = GateProgress("screening", 2 * len(pairs) * rules.screen_rounds)
    bout.measure(pairs, range(1, rules.screen_rounds + 1), seed, progress.show)
    if advice := busy(bout.all_records):
        say(advice)
    if again := bout.flagged(rules):
        say(f"{len(again)} of {len(pairs)} cases look slower: fresh pairs will tell")
        progress = GateProgress("confirming", 2 * len(again) * rules.confirm_rounds)
        first = rules.screen_rounds + 1
        bout.measure(again, range(first, first + rules.confirm_rounds), seed, progress.show)
    return bout.decide(rules)


def _result(
    sides: Sides, rules: Rules, bout: Bout, cases: Sequence[CaseResult], started: datetime, seconds: float
) -> GateResult:
    """The cases' verdicts together; too many disturbed trials leave nothing but what is broken."""
    verdict = gravest(case.verdict for case in cases)
    notes = [*bout.notes(), *_sameness(sides, bout.arms["base"].run, bout.arms["head"].run)]
    reason = _reason(verdict, cases, notes)
    if (doubt := bout.disturbed()) and verdict != "INVALID":
        verdict, reason = "INCONCLUSIVE", doubt.removeprefix("INCONCLUSIVE: ")
    base, head = bout.arms["base"].run, bout.arms["head"].run
    return GateResult(
        loadbench_version=__version__,
        verdict=verdict,
        reason=reason,
        question="A/B",
        rules=rules,
        base=_side_text(sides.base),
        head=_side_text(sides.head),
        base_versions=_versions(base),
        head_versions=_versions(head),
        started_at=started.isoformat(timespec="seconds"),
        seconds=seconds,
        command=list(sides.head.command),
        notes=notes,
        cases=list(cases),
    )


def _with_command(case: CaseResult, bout: Bout, sides: Sides) -> CaseResult:
    """The case with the command that tries it alone again."""
    pair = next((pair for pair in bout.paired.pairs if pair.name == case.name), None)
    if pair is None:
        return case
    path = bout.arms["head"].run.checkpoints[case.checkpoint].path
    return case.model_copy(update={"command": case_command(pair, sides, path)})


def case_command(pair: Pair, sides: Sides, checkpoint: str) -> str:
    """The gate of one pair alone."""
    head = pair.head
    words = ["loadbench", "gate", checkpoint, "--base-python", str(sides.base.python)]
    words += ["--head-python", str(sides.head.python), "--loader", head.loader, "--cache", head.cache]
    usual = {"device": "cpu", "contract": "owned", "dtype": "auto"}
    for name, value in usual.items():
        if getattr(head, name) != value:
            words += [f"--{name}", getattr(head, name)]
    for flag, case in (("--base-set", pair.base), ("--head-set", pair.head)):
        for tunable, setting in case.tunables.items():
            words += [flag, f"{case.loader}.{tunable}={name_value(setting)}"]
    return shlex.join(words)


def _reason(verdict: Verdict, cases: Sequence[CaseResult], notes: Sequence[str]) -> str:
    """How many cases of how many, and the first of them."""
    if not cases:
        return "; ".join(["no case could be tried on both sides", *notes[:1]])
    found = [case for case in cases if case.verdict == verdict]
    if verdict == "PASS":
        return f"none of {len(cases)} cases is slower"
    return f"{len(found)} of {len(cases)} cases: {found[0].loader} {found[0].cache}: {found[0].reason}"


def _side_text(side: Side) -> str:
    """The interpreter, and the settings where there are any."""
    tunables = " ".join(f"{name}={','.join(values)}" for name, values in side.options["set"].items())
    return f"{side.python}{f' with {tunables}' if tunables else ''}"


def _versions(run: Run) -> dict[str, str]:
    """The packages of the loaders, and torch's."""
    versions = {name: version for loader in run.loaders.values() for name, version in loader.versions.items()}
    torch = run.sessions[0].environment.get("version.torch")
    return versions | ({"torch": str(torch)} if torch else {})


def _sameness(sides: Sides, base: Run, head: Run) -> list[str]:
    """That the two environments do not differ in what is compared: then PASS says nothing of a change."""
    if not sides.same_settings or sides.base.python == sides.head.python or _versions(base) != _versions(head):
        return []
    paths = " PYTHONPATH is set, and both sides take from it what lies there." if os.environ.get("PYTHONPATH") else ""
    return [f"both environments have the same versions of the loaders and of torch: was the change installed?{paths}"]


def write_result(out: Path, result: GateResult) -> None:
    """gate.json beside the two runs."""
    store.make_directory(out)
    store.replace_file(out / GATE_FILE, result.model_dump_json(indent=1) + "\n")
    say(f"results in {out}")


def print_result(result: GateResult, *, explain: bool) -> None:
    """The report on stdout."""
    from loadbench.report.gate_document import gate_document
    from loadbench.report.terminal import print_documents

    print_documents([gate_document(result, explain=explain)], sys.stdout)
