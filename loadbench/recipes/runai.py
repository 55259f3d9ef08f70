"""Run:ai Model Streamer itself, by 0.17.0: everything is set by its environment."""

from loadbench.recipes.quoting import python_literal, shell_word
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup
from loadbench.recipes.snippet import python_recipe

DEPTH_NOTE = (
    "RUNAI_STREAMER_CONCURRENCY stands here even where it has the library's default: unset, asynchronous reads have a "
    "depth of 64, set, this one."
)


def environment(setup: Setup) -> dict[str, str]:
    """The variables that make the library do what was measured; `concurrency` always, the rest where not default."""
    names = ("concurrency", *(name for name in setup.changed() if name != "concurrency"))
    return {setup.tunables[name].library_name: str(setup.value(name)) for name in names}


def variables(setup: Setup) -> Recipe:
    """Lines for a shell, or for whatever starts the process."""
    lines = tuple(f"export {name}={shell_word(value)}" for name, value in environment(setup).items())
    notes = ["Read whenever a SafetensorsStreamer is made, in any program.", DEPTH_NOTE]
    return Recipe("Run:ai Model Streamer's environment", "sh", lines, tuple(notes))


def snippet(setup: Setup) -> Recipe:
    """The streamer with its environment set first."""
    load = [
        "weights = {}",
        "with SafetensorsStreamer() as streamer:",
        f"    streamer.stream_files(files, device={python_literal(setup.device)}, owned=True)",
        "    for name, tensor in streamer.get_tensors():",
        "        weights[name] = tensor",
    ]
    imports = ["from runai_model_streamer import SafetensorsStreamer"]
    return python_recipe(setup, imports, load, notes=[DEPTH_NOTE], environment=environment(setup))
