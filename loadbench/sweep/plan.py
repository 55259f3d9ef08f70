"""From options to cases: every loader's tunables times the conditions, and the order of each round."""

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from pydantic import TypeAdapter

from loadbench import loaders
from loadbench.analysis.precision import LADDER, PRECISION
from loadbench.analysis.rivals import can_tell_apart, rivals_of
from loadbench.errors import UsageError, unknown_name
from loadbench.loaders.contract import Loader
from loadbench.machine.secrets import redact
from loadbench.records import CacheWish, Case, Ceiling, Plan, Value
from loadbench.sweep.axes import parse_axis
from loadbench.sweep.options import SweepOptions, options_to_json
from loadbench.sweep.sentinel import sentinels


@dataclass(frozen=True)
class Planned:
    """A case, and why it cannot be tried, if so."""

    case: Case
    skip: str = ""


def plan_cases(options: SweepOptions, checkpoint: str) -> list[Planned]:
    """All cases of the sweep, each once: loaders in the order given, conditions inside.

    With no loader named it is every one that can be imported; ceilings are measured anyway.
    """
    names = options.loader or tuple(name for name in loaders.importable()[0] if not loaders.find(name).ceiling)
    kinds = {name: loaders.find(name) for name in dict.fromkeys(names)}
    _check_axes(options, kinds)
    return [planned for name, kind in kinds.items() for planned in _cases_of(name, kind, options, checkpoint)]


def with_sentinels(
    planned: list[Planned], options: SweepOptions, ceilings: Sequence[Ceiling]
) -> tuple[list[Planned], list[Case]]:
    """The cases and the sentinels of their checkpoints behind them, and which of all are the sentinels.

    A ceiling that was asked for by name may be a sentinel as well: it is one case, tried in every round that any
    other case needs. Where nothing else was asked for, it is a case like any other.
    """
    caches = TypeAdapter(tuple[CacheWish, ...]).validate_python(options.cache)
    names = dict.fromkeys(one.case.checkpoint for one in planned)
    found = [case for name in names for case in sentinels(name, caches, ceilings)]
    asked = {one.case.name for one in planned}
    added = [case for case in found if case.name not in asked]
    contest = asked - {case.name for case in found}
    return [*planned, *(Planned(case) for case in added)], found if contest else added


def make_plan(planned: Sequence[Planned], sentinel_cases: list[Case], options: SweepOptions) -> Plan:
    """The plan as run.json has it. With a number of rounds and no precision, every case has that many."""
    fixed = options.rounds is not None and options.precision is None
    rounds = options.rounds or LADDER[-1]
    if not fixed and rounds < LADDER[0]:
        raise UsageError(f"--precision needs at least {LADDER[0]} rounds for an interval; --rounds says {rounds}.")
    contest = [one.case for one in planned if not one.skip and one.case not in sentinel_cases]
    precision = PRECISION if options.precision is None else dict.fromkeys(PRECISION, options.precision)
    return Plan.model_validate(
        {
            "cases": [one.case for one in planned],
            "rounds": rounds,
            "ladder": [] if fixed else _ladder(contest, rounds),
            "precision": {} if fixed else precision,
            "budget_s": options.budget,
            "sentinels": sentinel_cases,
            "seed": options.seed if options.seed is not None else secrets.randbelow(2**31),
            "isolation": options.isolation,
            "timeout_s": options.timeout,
            "options": options_to_json(options),
        }
    )


def _ladder(cases: Sequence[Case], rounds: int) -> list[int]:
    """The steps at which a case may stop: only those with enough trials to tell so many cases apart."""
    steps = [step for step in LADDER if step <= rounds]
    most = max((len(rivals) for rivals in rivals_of(cases).values()), default=1)
    return [step for step in steps if can_tell_apart(most, step)] or steps[-1:]


def round_order(cases: list[Case], seed: int, round_number: int) -> list[Case]:
    """The order of one round: a fresh random permutation, the same for the same seed."""
    order = list(cases)
    random.Random(f"{seed}/{round_number}").shuffle(order)
    return order


def _cases_of(name: str, kind: type[Loader], options: SweepOptions, checkpoint: str) -> Iterator[Planned]:
    """A loader's cases. A ceiling has no tensors to convert or to own, so those axes are not multiplied for it."""
    axes = _axes_of(name, kind, options)
    dtypes = ("auto",) if kind.ceiling else tuple(dict.fromkeys(options.dtype))
    contracts = ("owned",) if kind.ceiling else tuple(dict.fromkeys(options.contract))
    for values in product(*axes.values()):
        tunables = dict(zip(axes, values, strict=True))
        for device, contract, dtype, cache in product(options.device, contracts, dtypes, dict.fromkeys(options.cache)):
            case = Case.model_validate(
                {
                    "loader": name,
                    "checkpoint": checkpoint,
                    "device": device,
                    "cache": cache,
                    "contract": contract,
                    "dtype": dtype,
                    "tunables": tunables,
                }
            )
            yield Planned(case, _why_not(kind, case))


def _axes_of(name: str, kind: type[Loader], options: SweepOptions) -> dict[str, tuple[Value, ...]]:
    """The axes over this loader's tunables. `--set loader.tunable` wins over `--tunable`, both over its variants."""
    axes = dict(kind.variants)
    for tunable in loaders.tunables_of(kind).values():
        own = f"{name}.{tunable.name}"
        if own in options.set:
            axes[tunable.name] = parse_axis(options.set[own], tunable, f"--set {own}")
        elif tunable.name in options.axes:
            axes[tunable.name] = parse_axis(options.axes[tunable.name], tunable, f"--{tunable.name} for {name}")
    return axes


def _why_not(kind: type[Loader], case: Case) -> str:
    try:
        loader = kind(**case.tunables)
    except Exception as error:  # a stranger's class may refuse what its declaration allows
        return f"it refuses these settings: {error!r}"
    reason = loaders.unavailable(loader, case.device)
    if reason:
        return reason
    if case.contract == "touched" and loader.memory(case.device) != "mapped":
        return f"the contract 'touched' is for loaders that map files; {case.loader} does not on {case.device}"
    if case.contract == "touched" and case.dtype != "auto":
        return f"the contract 'touched' converts nothing, so dtype {case.dtype} cannot be had"
    return ""


def _check_axes(options: SweepOptions, kinds: dict[str, type[Loader]]) -> None:
    """Every axis must reach some loader, or the sweep would not be what was asked for; and none may hold a secret."""
    for values in (*options.axes.values(), *options.set.values()):
        if any(redact(value) != value for value in values):
            raise UsageError(
                "a value of an axis looks like a secret, and it would be stored. Pass it by the environment."
            )
    known = {name: loaders.tunables_of(kind) for name, kind in kinds.items()}
    everywhere = {tunable for tunables in known.values() for tunable in tunables}
    for axis in options.axes:
        if not everywhere:
            raise UsageError(f"--{axis}: no loader of this sweep ({', '.join(kinds)}) has any tunable.")
        if axis not in everywhere:
            raise unknown_name("tunable", axis, everywhere, f"the loaders of this sweep ({', '.join(kinds)})")
    for target in options.set:
        loader, _, tunable = target.partition(".")
        if not tunable:
            raise UsageError(f"--set {target}: write loader.tunable=values, such as runai-streamer.memory_limit=0,40G.")
        if loader not in known:
            raise unknown_name("loader", loader, known, f"--set {target}")
        if tunable not in known[loader]:
            raise unknown_name("tunable", tunable, known[loader], f"--set {target}")
