"""Tensorizer itself, by 2.12.1."""

from loadbench.recipes.quoting import python_literal
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup
from loadbench.recipes.snippet import default_notes, python_recipe


def snippet(setup: Setup) -> Recipe:
    """Convert once, then deserialise with the arguments that were measured."""
    arguments = f"device={python_literal(setup.device)}, num_readers={python_literal(setup.value('threads'))}"
    load = [
        'serialised = Path("model.tensors")',
        "if not serialised.exists():  # once, outside the time that was measured",
        "    serialiser = TensorSerializer(str(serialised))",
        "    serialiser.write_state_dict({name: t for file in files for name, t in load_file(file).items()})",
        "    serialiser.close()",
        "",
        f"opened = TensorDeserializer(str(serialised), {arguments}, verify_hash={setup.value('verify_hash')!r})",
        "weights = {name: opened[name].detach() for name in opened}",
        "opened.close()",
    ]
    notes = [
        "It reads a form of its own, written to model.tensors in the current directory if nothing is there. Delete "
        "that file when the checkpoint changes. Without verify_hash a truncated file is loaded without an error.",
        *default_notes(setup),
    ]
    imports = ["from safetensors.torch import load_file", "from tensorizer import TensorDeserializer, TensorSerializer"]
    return python_recipe(setup, imports, load, notes=notes, standard=["from pathlib import Path"])
