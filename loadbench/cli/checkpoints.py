"""Checkpoints as commands name them: a path, or a model that is made when it is first asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadbench.checkpoints.checkpoint import Checkpoint


def is_model_name(text: str) -> bool:
    """Whether the text can only be a model's name: nothing of that name exists and it does not look like a path."""
    return not any(mark in text for mark in ("/", "~", ".safetensors")) and not is_there(Path(text))


def is_there(path: Path) -> bool:
    """Whether something is at the path. Where that cannot be told it is: who opens it is told why it cannot be."""
    try:
        return path.exists()
    except OSError:  # a directory above it may not be searched, or the name is too long
        return True


def check_name(text: str) -> None:
    """Raise what `named_checkpoint` would raise for a name or a file that cannot be used, but make nothing."""
    from loadbench.checkpoints.checkpoint import open_checkpoint
    from loadbench.checkpoints.plan import ModelRequest

    if is_model_name(text):
        ModelRequest.parse(text)
    else:
        open_checkpoint(Path(text).expanduser())


def named_checkpoint(text: str) -> "Checkpoint":
    """Open the checkpoint at a path; or, for a model's name, take it from the cache, made first if it is not there."""
    from loadbench.checkpoints.checkpoint import open_checkpoint

    return _from_cache(text) if is_model_name(text) else open_checkpoint(Path(text).expanduser())


def _from_cache(name: str) -> "Checkpoint":
    from loadbench.checkpoints.synthetic import ensure_spec
    from loadbench.cli.bytes_progress import bytes_progress

    with bytes_progress(f"making {name}") as progress:
        return ensure_spec(name, progress)
