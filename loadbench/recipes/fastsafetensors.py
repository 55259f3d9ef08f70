"""fastsafetensors itself, by 0.5.0."""

from loadbench.loaders.fastsafetensors_nogds import whole_kib
from loadbench.recipes.quoting import json_text, python_literal
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup
from loadbench.recipes.snippet import default_notes, python_recipe
from loadbench.records import Value

O_DIRECT = {"on": "1", "off": "0"}
"""FASTSAFETENSORS_ODIRECT: only "1" is on, any other value is off; unset lets the library choose by file system."""


def config(setup: Setup) -> Recipe:
    """The file that the library's AutoLoader reads."""
    gds = setup.loader == "fastsafetensors-gds"
    base: dict[str, Value] = {
        "copier_type": "gds" if gds else "nogds",
        "bbuf_size_kb": whole_kib(setup.whole("buffer")),
        "max_threads": setup.whole("threads"),
    }
    notes = [
        "For programs that use fastsafetensors.auto_loader.AutoLoader: name this file in FASTSAFETENSORS_CONFIG. "
        "AutoLoader copies every tensor once more; measured was SafeTensorsFileLoader, which does not. "
        "vLLM and SGLang do not read the file."
    ]
    if setup.changed("copy_block"):
        notes.append(f"{setup.text('copy_block')} is an argument of copy_files_to_device() only: it cannot stand here.")
    direct = odirect(setup)
    if direct:
        notes.append(f"Set FASTSAFETENSORS_ODIRECT={direct} in the environment too.")
    text = json_text({"loader": "base", "base": base}, indent=2)
    return Recipe("fastsafetensors' configuration file", "json", tuple(text.split("\n")), tuple(notes))


def snippet(setup: Setup) -> Recipe:
    """`SafeTensorsFileLoader` with the arguments that were measured."""
    gds = setup.loader == "fastsafetensors-gds"
    direct = odirect(setup)
    load = [
        "loader = SafeTensorsFileLoader(",
        "    None,",
        f"    {python_literal(setup.device)},",
        f"    bbuf_size_kb={whole_kib(setup.whole('buffer'))},",
        f"    max_threads={setup.whole('threads')},",
        f"    nogds={not gds},",
        ")",
        "loader.add_filenames({0: files})",
        f"copied = loader.copy_files_to_device(max_copy_block_size={setup.whole('copy_block')})",
        "weights = {name: copied.get_tensor(name) for name in list(copied.key_to_rank_lidx)}",
        "copied.close()",
        "loader.close()",
    ]
    environment = {"FASTSAFETENSORS_ODIRECT": direct} if direct else {}
    notes = ["The tensors are views of one buffer for each file: keeping one keeps all of them.", *default_notes(setup)]
    return python_recipe(
        setup, ["from fastsafetensors import SafeTensorsFileLoader"], load, notes=notes, environment=environment
    )


def odirect(setup: Setup) -> str:
    """What FASTSAFETENSORS_ODIRECT has to be; empty where it has to be unset."""
    return O_DIRECT.get(str(setup.value("direct")), "") if "direct" in setup.tunables else ""
