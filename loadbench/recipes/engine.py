"""What the recipes of the two engines share: one command line, and notes on what the engine does otherwise."""

from collections.abc import Iterable, Mapping

from loadbench.recipes.quoting import json_word, shell_word
from loadbench.recipes.setup import Setup
from loadbench.recipes.snippet import TORCH_DTYPES
from loadbench.records import Value


def command(
    setup: Setup,
    start: str,
    flags: Iterable[str],
    extra: Mapping[str, Value] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """One line for a shell: variables, the engine with the model, the flags, the loader's own configuration."""
    variables = [f"{name}={shell_word(value)}" for name, value in (environment or {}).items()]
    words = [*variables, start, setup.model, *flags]
    if extra:
        words += ["--model-loader-extra-config", json_word(extra)]
    if setup.dtype in TORCH_DTYPES:
        words += ["--dtype", TORCH_DTYPES[setup.dtype]]
    return (" ".join(words),)


def fixed(setup: Setup, engine: str, *names: str) -> tuple[str, ...]:
    """What an engine leaves at the library's defaults: empty where that is what was measured."""
    changed = setup.changed(*names)
    library = "the library's default"
    if not changed:
        values = ", ".join(setup.text(name) for name in names)
        return (f"{engine} sets none of {', '.join(names)}: {values}, as measured, is {library}.",)
    return (
        f"{engine} cannot set {', '.join(names)} and leaves them at {library}s: "
        f"{', '.join(setup.text(name) for name in changed)} cannot be had there. Measure with the defaults to see what "
        "that costs.",
    )
