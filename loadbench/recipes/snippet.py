"""What every Python snippet has: the checkpoint's files before the load, the conversion and a count after it."""

from collections.abc import Iterable, Mapping

from loadbench.recipes.quoting import python_literal
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup

TORCH_DTYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}
"""The dtypes that a sweep can ask for; any other is `auto`."""

_STREAM_NOTE = (
    "Measured was a load into parameters that were there before (contract stream); this one makes new tensors."
)


def python_recipe(
    setup: Setup,
    imports: Iterable[str],
    load: Iterable[str],
    *,
    notes: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    standard: Iterable[str] = (),
) -> Recipe:
    """A snippet that runs as it stands: `load` goes from a list `files` to a dict `weights`.

    The environment is set before anything but the standard library is imported.
    """
    own = {*standard, *(() if _single(setup) else ("import json", "from pathlib import Path"))}
    variables = [
        f"os.environ[{python_literal(key)}] = {python_literal(text)}" for key, text in (environment or {}).items()
    ]
    converts = setup.dtype in TORCH_DTYPES
    parts = [
        _sorted({*own, "import os"} if variables else own),
        variables,
        _sorted({*imports, "import torch"} if converts else imports),
        _files(setup),
        [*load, *(_convert(TORCH_DTYPES[setup.dtype]) if converts else []), 'print(len(weights), "tensors")'],
    ]
    lines = [line for part in parts if part for line in ("", *part)][1:]
    stream = (_STREAM_NOTE,) if setup.contract == "stream" else ()
    return Recipe("Python", "python", tuple(lines), (*notes, *stream))


def default_notes(setup: Setup) -> Iterable[str]:
    """Which of the settings nobody has to set."""
    usual = [setup.text(name) for name in setup.chosen if not setup.changed(name)]
    if setup.tunables and not setup.changed():
        yield "Every setting has the library's default."
    elif usual:
        yield f"The library's default: {', '.join(usual)}."


def _sorted(imports: Iterable[str]) -> list[str]:
    return sorted(imports, key=lambda line: (line.startswith("from"), line))


def _single(setup: Setup) -> bool:
    return setup.path.endswith(".safetensors")


def _files(setup: Setup) -> list[str]:
    """The files that belong to the checkpoint: its index says which, where it has one."""
    path = python_literal(setup.path)
    if _single(setup):
        return [f"files = [{path}]"]
    return [
        f"checkpoint = Path({path})",
        'index = checkpoint / "model.safetensors.index.json"',
        "if index.exists():",
        '    names = set(json.loads(index.read_text())["weight_map"].values())',
        "    files = sorted(str(checkpoint / name) for name in names)",
        "else:",
        '    files = sorted(map(str, checkpoint.glob("*.safetensors")))',
    ]


def _convert(dtype: str) -> list[str]:
    return [
        "floats = (torch.float16, torch.bfloat16, torch.float32, torch.float64)",
        "for name, tensor in weights.items():",
        f"    weights[name] = tensor.to(torch.{dtype}) if tensor.dtype in floats else tensor",
    ]
