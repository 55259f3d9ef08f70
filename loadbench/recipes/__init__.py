"""What to paste elsewhere to load as a case did: one file for each target.

Written after the libraries' and engines' own source; each file says which version. What a target cannot be told is
said in words: no flag is made up.
"""

from collections.abc import Callable

from loadbench.recipes import fastsafetensors, runai, safetensors, sglang, tensorizer, vllm
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup, setup_of
from loadbench.records import Case

Make = Callable[[Setup], Recipe]

ENGINES = ("vLLM", "SGLang")
"""The targets that are engines."""

_TARGETS: dict[str, tuple[Make, ...]] = {
    "safetensors-mmap": (vllm.recipe, sglang.recipe, safetensors.snippet),
    "safetensors-pread": (vllm.recipe, sglang.recipe, safetensors.snippet),
    "fastsafetensors-nogds": (vllm.recipe, sglang.recipe, fastsafetensors.config, fastsafetensors.snippet),
    "fastsafetensors-gds": (vllm.recipe, sglang.recipe, fastsafetensors.config, fastsafetensors.snippet),
    "runai-streamer": (vllm.recipe, sglang.recipe, runai.variables, runai.snippet),
    "tensorizer": (vllm.recipe, sglang.recipe, tensorizer.snippet),
}


def recipes(case: Case, path: str) -> tuple[Recipe, ...]:
    """Everything that can be pasted for a case, on the checkpoint at `path`.

    A loader that loadbench has no recipe for, and settings that the loader does not have, are a UsageError.
    """
    setup = setup_of(case, path, _TARGETS)
    return tuple(make(setup) for make in _TARGETS[setup.loader])
