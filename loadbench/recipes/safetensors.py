"""safetensors itself, by 0.8.0."""

from loadbench.recipes.quoting import python_literal
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup
from loadbench.recipes.snippet import python_recipe


def snippet(setup: Setup) -> Recipe:
    """`load_file` with the back end that was measured."""
    backend = setup.loader.removeprefix("safetensors-")
    mapped = backend == "mmap" and not setup.on_gpu
    call = f'load_file(file, device={python_literal(setup.device)}, backend="{backend}")'
    notes = []
    if backend == "mmap":
        notes.append("mmap is the library's default back end.")
    if mapped and setup.contract != "touched":
        notes.append("On the CPU load_file() only maps the file: clone() is what reads it, and was measured.")
        load = [f"    weights |= {{name: tensor.clone() for name, tensor in {call}.items()}}"]
    else:
        load = [f"    weights.update({call})"]
    if mapped and setup.contract == "touched":
        notes.append("The tensors stay mapped to the file: they are read when they are first used.")
    lines = ["weights = {}", "for file in files:", *load]
    return python_recipe(setup, ["from safetensors.torch import load_file"], lines, notes=notes)
