"""The sweep that compares some cases again."""

from collections.abc import Mapping, Sequence
from math import prod

from loadbench.recipes.quoting import shell_path, shell_word
from loadbench.recipes.recipe import Recipe
from loadbench.records import Case, LoaderInfo, Value
from loadbench.units import short_size

ROUNDS = 20


def sweep_again(cases: Sequence[Case], path: str, loaders: Mapping[str, LoaderInfo]) -> Recipe:
    """A `loadbench sweep` of at least these cases, which are of one condition. Unpasteable names are a UsageError.

    A sweep multiplies a loader's axes, so that it may have more cases than these.
    """
    axes: dict[str, dict[str, list[str]]] = {}
    for case in cases:
        own = axes.setdefault(case.loader, {})
        for name in dict.fromkeys(tunable for one in cases if one.loader == case.loader for tunable in one.tunables):
            text = _text(case.tunables.get(name), name, loaders.get(case.loader))
            values = own.setdefault(name, [])
            if text not in values:
                values.append(text)
    first = cases[0]
    words = ["loadbench", "sweep", _path(path), "--loader", shell_word(",".join(axes))]
    for loader, own in axes.items():
        for name, values in own.items():
            words += ["--set", shell_word(f"{loader}.{name}={','.join(values)}")]
    words += ["--cache", first.cache]
    unusual = {
        "--device": (first.device, "cpu"),
        "--contract": (first.contract, "owned"),
        "--dtype": (first.dtype, "auto"),
    }
    for flag, (value, usual) in unusual.items():
        words += [flag, shell_word(value)] if value != usual else []
    words += ["--rounds", str(ROUNDS)]
    total = sum(prod(map(len, own.values())) for own in axes.values())
    notes = (f"{total} cases: a sweep multiplies the axes.",) if total > len(cases) else ()
    return Recipe("loadbench: measure the top set again", "sh", (" ".join(words),), notes)


def _text(value: Value, name: str, info: LoaderInfo | None) -> str:
    units = {one.name: one.unit for one in info.tunables} if info else {}
    if value is None:
        return "default"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value > 0 and units.get(name) == "bytes":
        return short_size(value)
    return str(value)


def _path(path: str) -> str:
    """The checkpoint, in a form that no model's name has."""
    return shell_path(path if "/" in path else f"./{path}")
