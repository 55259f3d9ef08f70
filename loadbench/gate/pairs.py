"""Which case of the baseline is held against which one of the candidate."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadbench.errors import UsageError
from loadbench.records import Case, name_value


@dataclass(frozen=True)
class Pair:
    """Two cases that ought to take the same time, and what both are called together."""

    name: str
    base: Case
    head: Case

    @property
    def settings(self) -> str:
        """The tunables, as `buffer=8M threads=8→16` where the two differ."""
        return " ".join(_settings(self.base, self.head))


@dataclass(frozen=True)
class Paired:
    """All pairs, and what has no partner."""

    pairs: tuple[Pair, ...]
    missing: tuple[Case, ...]
    """Cases of the baseline that the candidate has not."""
    new: tuple[Case, ...]
    """Cases of the candidate that the baseline has not."""


def pair_alike(base: Sequence[Case], head: Sequence[Case]) -> Paired:
    """Cases that are equal on both sides: for two environments, two runs."""
    _once(base, "the baseline")
    _once(head, "the candidate")
    here, there = {case.name: case for case in base}, {case.name: case for case in head}
    return Paired(
        tuple(Pair(name, case, there[name]) for name, case in here.items() if name in there),
        tuple(case for name, case in here.items() if name not in there),
        tuple(case for name, case in there.items() if name not in here),
    )


def pair_in_order(base: Sequence[Case], head: Sequence[Case]) -> Paired:
    """Cases of the same place in two plans that differ in single settings, such as `--base-set` and `--head-set`."""
    if len(base) != len(head):
        raise UsageError(
            f"the baseline has {len(base)} cases and the candidate {len(head)}: they cannot be paired. Give --base-set "
            "and --head-set the same number of values."
        )
    pairs = []
    for one, other in zip(base, head, strict=True):
        conditions = {"loader": one.loader, "checkpoint": one.checkpoint, "cache": one.cache, "device": one.device}
        if any(getattr(other, field) != value for field, value in conditions.items()):
            raise UsageError(f"the cases {one.name} and {other.name} stand in the same place and cannot be paired.")
        pairs.append(Pair(_shared_name(one, other), one, other))
    return Paired(tuple(pairs), (), ())


def _shared_name(one: Case, other: Case) -> str:
    """The case's name, with the settings of both."""
    return "/".join([one.model_copy(update={"tunables": {}}).name, *_settings(one, other)])


def _settings(one: Case, other: Case) -> list[str]:
    names = sorted({*one.tunables, *other.tunables})
    values = {name: (_value(one, name), _value(other, name)) for name in names}
    return [f"{name}={here}" if here == there else f"{name}={here}→{there}" for name, (here, there) in values.items()]


def _value(case: Case, name: str) -> str:
    return name_value(case.tunables[name]) if name in case.tunables else "default"


def _once(cases: Sequence[Case], side: str) -> None:
    names = [case.name for case in cases]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"{side} has the case {twice} twice: name each once.")
