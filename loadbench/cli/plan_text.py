"""The plan of a sweep as text, before it starts and for `--dry-run`. Makes nothing and reads headers at the most."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadbench.analysis.power import detectable
from loadbench.analysis.precision import LADDER, PRECISION
from loadbench.analysis.rivals import rivals_of, share_of_alpha
from loadbench.analysis.timings import Estimate, Timed, estimate, expected_rounds, spread
from loadbench.analysis.top_set import ALPHA, MARGIN
from loadbench.cli.checkpoints import is_model_name
from loadbench.cli.history import PASSES, History, read_history
from loadbench.loaders import find
from loadbench.probe.stage import LIMIT
from loadbench.records import CacheWish, Case, Plan, name_value
from loadbench.sweep.options import SweepOptions
from loadbench.sweep.plan import Planned, make_plan, plan_cases, with_sentinels
from loadbench.sweep.sentinel import LOADER as SENTINEL
from loadbench.units import human_duration, human_size

ROUGH_BYTES_PER_SECOND = 1_000_000_000
ROUGH_SECONDS_PER_TRIAL = 0.7
"""Guesses for the ETA before anything was measured: a rate that most storage passes, and fork, priming and hashing."""
ROUGH_MAKING = 100_000_000
"""Bytes a second that a synthetic checkpoint is made and hashed with."""
START_S = 5.0
"""The zygote's import of torch and the first look at the files."""
PROBING_S = 1.0
"""The process that measures a checkpoint's ceilings, besides the reading itself."""
ROUGH_SCATTER = (-0.075, -0.05, -0.035, -0.02, -0.01, 0.0, 0.01, 0.02, 0.035, 0.05, 0.075, 0.15)
"""Residuals to assume where nothing was measured: about 5 %, with a slow tail."""


@dataclass(frozen=True)
class Sizes:
    """What is known of a checkpoint before it is opened or made."""

    name: str
    bytes: int
    tensors: int
    made: bool


def plan_text(options: SweepOptions, *, brief: bool = False) -> str:
    """Cases, trials, what they need, the time, what can be told apart, and what will be skipped."""
    sizes = {found.name: found for found in (sizes_of(text) for text in options.checkpoint)}
    planned = [one for name in sizes for one in plan_cases(options, name)]
    planned, sentinels = with_sentinels(planned, options, []) if options.ceilings else (planned, [])
    plan = make_plan(planned, sentinels, options)
    cases = [one.case for one in planned if not one.skip]
    history = read_history(Path("results"))
    lines = [
        _trials(plan, cases),
        _eta(plan, cases, sizes, history, brief=brief),
        *_detectable(plan, cases, history.trials),
    ]
    if brief:
        return "\n".join(lines)
    needs = [*(_checkpoint(found) for found in sizes.values()), *lines, *_needs(cases, sizes)]
    listed = [f"  {_case_text(case)}" for case in cases if case not in sentinels]
    listed += [f"  {_case_text(case)} (sentinel)" for case in sentinels]
    return "\n".join([*needs, "", *listed, *_skips(planned)])


def _trials(plan: Plan, cases: list[Case]) -> str:
    if plan.ladder and plan.ladder[0] < plan.rounds:
        few, many = len(cases) * plan.ladder[0], len(cases) * plan.rounds
        wanted = " and ".join(f"{100 * plan.precision[cache]:g} % {cache}" for cache in _caches(cases))
        return (
            f"{len(cases)} cases × {plan.ladder[0]} to {plan.rounds} rounds = {few} to {many} trials; "
            f"a case stops when its interval is within {wanted}"
        )
    return f"{len(cases)} cases × {plan.rounds} rounds = {len(cases) * plan.rounds} trials"


def _eta(plan: Plan, cases: list[Case], sizes: dict[str, Sizes], history: History, *, brief: bool) -> str:
    """The expected time, and what it rests on. In brief it is that of the rounds, since the rest has been done."""
    found = {case.name: estimate(case, sizes[case.checkpoint].bytes, history.trials) for case in cases}
    known = sum(one is not None for one in found.values())
    rough = {case.name: sizes[case.checkpoint].bytes / ROUGH_BYTES_PER_SECOND for case in cases}
    costs = {
        name: one or Estimate(rough[name] + ROUGH_SECONDS_PER_TRIAL, "", ROUGH_SCATTER) for name, one in found.items()
    }
    contest = {case.name: _rounds(plan, case, costs[case.name]) for case in cases if case not in plan.sentinels}
    # A sentinel is tried for as long as anything else is.
    most = max(contest.values(), default=plan.rounds)
    total = 0.0 if brief else _before_the_rounds(plan, sizes, history)
    total += sum(cost.wall_s * contest.get(name, most) for name, cost in costs.items())
    eta = human_duration(total)
    if plan.budget_s is not None and total > plan.budget_s:
        eta = f"{human_duration(plan.budget_s)}, the budget; all of it would take about {eta}"
    if known == len(cases):
        return f"ETA {eta}, from {len(history.trials)} earlier trials on this machine"
    if known:
        return f"ETA {eta}, roughly: only {known} of {len(cases)} cases are like any that was timed on this machine"
    return f"ETA {eta}, very roughly: no run of this machine in results/ to tell by"


def _before_the_rounds(plan: Plan, sizes: dict[str, Sizes], history: History) -> float:
    """Seconds for what comes first: making checkpoints, and the ceilings."""
    making = sum(found.bytes for found in sizes.values() if not found.made) / ROUGH_MAKING
    if not plan.sentinels:
        return START_S + making
    probed = sum(min(found.bytes, LIMIT) for found in sizes.values())
    per_byte = history.probing_s_per_byte or PASSES / ROUGH_BYTES_PER_SECOND
    return START_S + making + len(sizes) * PROBING_S + probed * per_byte


def _rounds(plan: Plan, case: Case, found: Estimate) -> int:
    if not plan.ladder or len(found.residuals) < LADDER[0]:
        return plan.rounds
    return expected_rounds(plan.ladder, plan.rounds, plan.precision[case.cache], found.residuals)


def _detectable(plan: Plan, cases: list[Case], history: list[Timed]) -> list[str]:
    """What the plan can tell apart, with the fewest rounds that a case may get and with all."""
    lines = []
    contest = [case for case in cases if case not in plan.sentinels]
    for cache in _caches(contest):
        scatter = spread(one for one in history if one.case.cache == cache and one.case.loader != SENTINEL)
        basis = f"{len(scatter)} earlier {cache} trials here"
        if len(scatter) < 2 * LADDER[-1]:
            scatter, basis = ROUGH_SCATTER, "an assumed spread of 5 %: nothing was measured here yet"
        steps = list(dict.fromkeys([plan.ladder[0] if plan.ladder else plan.rounds, plan.rounds]))
        rivals = max(len(group) for group in rivals_of(case for case in contest if case.cache == cache).values())
        line = f"{cache}: {_found_text(scatter, steps, 2)} between two cases"
        if rivals > 2:
            line += f", {_found_text(scatter, steps, rivals)} between the best and another of all {rivals}"
        lines.append(f"{line} ({basis})")
    if lines:
        lines.insert(0, "the smallest slowdown that 4 of 5 such sweeps find:")
    return lines


def _found_text(scatter: Sequence[float], steps: Sequence[int], rivals: int) -> str:
    """`31 % with 6 rounds and 11 % with 20`."""
    margin, alpha = (0.0, ALPHA) if rivals == 2 else (MARGIN, share_of_alpha(rivals, ALPHA))
    found = {step: detectable(scatter, step, margin=margin, alpha=alpha) for step in steps}
    return " and ".join(
        f"{'none' if least is None else f'{100 * least:.0f} %'} with {step} rounds" for step, least in found.items()
    )


def _needs(cases: list[Case], sizes: dict[str, Sizes]) -> list[str]:
    largest = max(found.bytes for found in sizes.values())
    converted = {case.checkpoint for case in cases if "tensors" in find(case.loader).formats}
    disk = sum((0 if it.made else it.bytes) + (it.bytes if it.name in converted else 0) for it in sizes.values())
    return [
        f"memory: {human_size(largest)} for the tensors of a trial, up to twice that while some loaders work",
        f"disk: {human_size(disk)} in the cache directory at the most",
    ]


def _skips(planned: list[Planned]) -> list[str]:
    skips = [one for one in planned if one.skip]
    return ["", "skipped:", *(f"  {_case_text(one.case)}: {one.skip}" for one in skips)] if skips else []


def sizes_of(text: str) -> Sizes:
    """Name, bytes and tensors of the checkpoint, and whether it is there already."""
    from loadbench.checkpoints.cache import cache_subdir
    from loadbench.checkpoints.checkpoint import open_checkpoint
    from loadbench.checkpoints.plan import ModelRequest, plan_model

    if not is_model_name(text):
        checkpoint = open_checkpoint(Path(text).expanduser())
        return Sizes(checkpoint.name, checkpoint.file_bytes, len(checkpoint.tensors), made=True)
    plan = plan_model(ModelRequest.parse(text))
    tensors = sum(len(file.tensors) for file in plan.files)
    return Sizes(plan.name, plan.bytes, tensors, (cache_subdir("checkpoints") / plan.name).exists())


def _checkpoint(found: Sizes) -> str:
    return f"{found.name}: {human_size(found.bytes)}, {found.tensors} tensors" + (
        "" if found.made else "; it will be made"
    )


def _caches(cases: list[Case]) -> list[CacheWish]:
    return [cache for cache in PRECISION if any(case.cache == cache for case in cases)]


def _case_text(case: Case) -> str:
    conditions = [case.checkpoint, case.cache, case.device, case.contract, case.dtype]
    return " ".join([case.loader, *conditions, *(f"{key}={name_value(v)}" for key, v in case.tunables.items())])
