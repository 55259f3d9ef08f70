"""The options of a sweep, from flags and a configuration file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loadbench.errors import UsageError
from loadbench.loaders.devices import parse_device
from loadbench.store import StoredRun
from loadbench.sweep.axes import split_list
from loadbench.sweep.options import LISTS, SweepOptions, read_toml
from loadbench.units import parse_duration, parse_share, parse_size


def asked_options(
    flags: Mapping[str, Any], axes: Mapping[str, str | None], set: Sequence[str], config: Path | None
) -> dict[str, Any]:
    """What was asked for, in the types of `SweepOptions`: the file's options, and the flags over them.

    A flag that was not given is None. Options that nobody asked for are left out.
    """
    asked = read_toml(config) if config else {}
    asked |= {name: _typed(name, value) for name, value in flags.items() if value is not None}
    given_axes = {name: split_list(text) for name, text in axes.items() if text is not None}
    for key, table in (("axes", given_axes), ("set", parse_set(set))):
        if table:
            asked[key] = asked.get(key, {}) | table
    return asked


def parse_set(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """`loader.tunable=values` texts as a table."""
    table = {}
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign:
            raise UsageError(f"--set {text}: write loader.tunable=values, such as runai-streamer.memory_limit=0,40G.")
        table[name] = split_list(values)
    return table


def check_same(asked: Mapping[str, Any], options: SweepOptions, stored: StoredRun) -> None:
    """A resumed run keeps its plan; a flag that says otherwise is a mistake."""
    for name, value in asked.items():
        before = getattr(options, name)
        if value != before:
            raise UsageError(
                f"{stored.path} was started with {name} = {before!r}, not {value!r}. "
                "Leave the flag out to continue, or start another run with another --out."
            )


def _typed(name: str, value: Any) -> Any:
    if name in ("timeout", "budget"):
        return parse_duration(value)
    if name == "precision":
        return parse_share(value)
    if name == "checkpoint":
        return tuple(value)
    if name == "memory_limit":
        return parse_size(value)
    if name == "device":
        return tuple(parse_device(device) for device in split_list(value))
    return split_list(value) if name in LISTS else value
