"""What a loader's class has to declare before anything can be asked of it."""

import dataclasses
from typing import get_args

from loadbench.loaders.contract import Loader, Memory, tunables_of

_FACTS: dict[str, type] = {
    "distributions": tuple,
    "formats": tuple,
    "devices": tuple,
    "ceiling": bool,
    "variants": dict,
}
_METHODS = ("unavailable", "memory", "path", "prepare", "load")


def declaration_faults(kind: type[Loader], device: str) -> list[str]:
    """What is wrong with the class itself, found without running it."""
    faults: list[str] = []
    faults += [
        f"class attribute {fact} must be a {expected.__name__}"
        for fact, expected in _FACTS.items()
        if not isinstance(getattr(kind, fact, None), expected)
    ]
    faults += [f"method {method}() is missing" for method in _METHODS if not callable(getattr(kind, method, None))]
    if not dataclasses.is_dataclass(kind) or not kind.__dataclass_params__.frozen:
        faults.append("it must be a frozen dataclass")
    if faults:
        return faults
    if not set(kind.formats) <= {"safetensors", "tensors"} or not kind.formats:
        faults.append(f"formats {kind.formats} must be safetensors or tensors")
    faults += [
        f"field {field.name} is not declared with tunable()"
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.init and field.name not in tunables_of(kind)
    ]
    try:
        memory = kind().memory(device)
    except Exception as error:  # a stranger's class may raise anything
        return [*faults, f"making it with its defaults, or memory(), raised {error!r}"]
    if memory not in get_args(Memory):
        faults.append(f"memory() must be one of {', '.join(get_args(Memory))}, not {memory!r}")
    return faults
