"""A sweep as a person asks for it: on the command line or in a TOML file."""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from loadbench.checkpoints.rounding import TARGETS
from loadbench.errors import UsageError, unknown_name
from loadbench.loaders.devices import parse_device
from loadbench.records import CacheWish, Contract, Isolation
from loadbench.sweep.axes import split_list
from loadbench.sweep.disturbance import TOLERABLE
from loadbench.units import parse_duration, parse_share, parse_size

MOST_ROUNDS = 1000
DTYPES = ("auto", *TARGETS)
COLD_METHODS = ("auto", "fadvise", "drop_caches", "copy")
LISTS = ("checkpoint", "loader", "dtype", "cache", "device", "contract", "tolerate")
"""Options that take several values."""


@dataclass(frozen=True)
class SweepOptions:
    """What to sweep. Axis values are kept as text until the loaders are known; the names are those of the flags."""

    checkpoint: tuple[str, ...] = ("gpt2",)
    """Directories, files or names of models."""
    loader: tuple[str, ...] = ()
    """Names of loaders; empty for all."""
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tunable to values, for every loader that has the tunable."""
    set: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`loader.tunable` to values."""
    dtype: tuple[str, ...] = ("auto",)
    cache: tuple[str, ...] = ("cold", "warm")
    device: tuple[str, ...] = ("cpu",)
    contract: tuple[str, ...] = ("owned",)
    rounds: int | None = None
    """How often every case is tried, with a precision the most; None for the ladder's end."""
    precision: float | None = None
    """Half-width of the median's interval over the median at which a case stops; None for the defaults of the cache
    states, or, with a number of rounds, for no such stop."""
    budget: float | None = None
    """Seconds for the whole sweep."""
    seed: int | None = None
    """None for a new one, which is stored with the run."""
    timeout: float = 600.0
    """Seconds that one phase of a trial may take."""
    isolation: Isolation = "fork"
    cold_by: str = "auto"
    memory_limit: int | None = None
    """Bytes a trial may allocate; None for what the machine has free."""
    tolerate: tuple[str, ...] = ()
    """Causes of disturbance that are stamped on the trial but do not disturb it; `all` for all."""
    ceilings: bool = True
    """Whether the ceilings are measured and a sentinel runs in every round."""

    @property
    def tolerated(self) -> frozenset[str]:
        """The causes that do not disturb."""
        return frozenset(TOLERABLE if "all" in self.tolerate else self.tolerate)

    def __post_init__(self) -> None:
        _known("dtype", self.dtype, DTYPES)
        _known("cache state", self.cache, get_args(CacheWish))
        _known("contract", self.contract, get_args(Contract))
        _known("isolation", (self.isolation,), get_args(Isolation))
        _known("cold method", (self.cold_by,), COLD_METHODS)
        _known("cause of disturbance", self.tolerate, ("all", *TOLERABLE))
        object.__setattr__(self, "device", tuple(dict.fromkeys(parse_device(device) for device in self.device)))
        if not self.checkpoint:
            raise UsageError("name at least one checkpoint.")
        if self.rounds is not None and not 1 <= self.rounds <= MOST_ROUNDS:
            raise UsageError(f"--rounds {self.rounds}: from 1 to {MOST_ROUNDS} rounds can be had.")
        if self.memory_limit is not None and self.memory_limit < 1:
            raise UsageError("--memory-limit 0: a trial needs memory. Leave it out for what is free.")
        if self.precision is not None and not 0 < self.precision < 1:
            raise UsageError(f"--precision {self.precision:g}: write a share of the median such as 3% or 0.03.")
        if self.budget is not None and self.budget <= 0:
            raise UsageError(f"--budget {self.budget:g}: it must be longer than nothing.")
        if self.timeout <= 0:
            raise UsageError(f"--timeout {self.timeout}: it must be longer than nothing.")


def read_toml(path: Path) -> dict[str, Any]:
    """The options in a TOML file, checked and in the types of `SweepOptions`. Values may be single or lists."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}.") from error
    known = {option.name for option in dataclasses.fields(SweepOptions)}
    for key in data:
        if key not in known:
            raise unknown_name("option", key, known, str(path))
    return {key: _typed(key, value, path) for key, value in data.items()}


def options_to_json(options: SweepOptions) -> dict[str, Any]:
    """The options as run.json stores them."""
    return dataclasses.asdict(options)


def options_from_json(data: dict[str, Any]) -> SweepOptions:
    """The options out of run.json. Format 1 had one checkpoint, by itself."""
    if isinstance(data.get("checkpoint"), str):
        data = {**data, "checkpoint": (data["checkpoint"],)}
    return TypeAdapter(SweepOptions).validate_python(data)


def _typed(key: str, value: Any, path: Path) -> Any:
    if key in ("axes", "set"):
        if not isinstance(value, dict):
            raise UsageError(f"{path}: [{key}] must be a table, such as [{key}] followed by lines name = [values].")
        return {name: _texts(values) for name, values in value.items()}
    if key in LISTS:
        return _texts(value)
    if key in ("timeout", "budget"):
        return parse_duration(str(value))
    if key == "precision":
        return parse_share(str(value))
    if key == "ceilings":
        if not isinstance(value, bool):
            raise UsageError(f"{path}: ceilings must be true or false, not {value!r}.")
        return value
    if key == "memory_limit":
        return parse_size(str(value))
    if key in ("rounds", "seed") and (not isinstance(value, int) or isinstance(value, bool)):
        raise UsageError(f"{path}: {key} must be a whole number, not {value!r}.")
    return value if key in ("rounds", "seed") else str(value)


def _texts(value: Any) -> tuple[str, ...]:
    """A list, or a comma list in one string, as texts. TOML's booleans become the words that flags use."""
    if isinstance(value, list):
        return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in value)
    return split_list(str(value).lower() if isinstance(value, bool) else str(value))


def _known(kind: str, values: tuple[str, ...], known: tuple[str, ...]) -> None:
    for value in values:
        if value not in known:
            raise unknown_name(kind, value, known)
