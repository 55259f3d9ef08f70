"""What can be pasted, before anybody has decided how to draw it."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["sh", "python", "json"]


@dataclass(frozen=True)
class Recipe:
    """Lines to paste for one target, and what has to be known about them."""

    target: str
    """What takes it: an engine, a library, Python."""
    language: Language
    lines: tuple[str, ...]
    """Printable characters only. Empty: the target cannot be told to do what was measured; the notes say why."""
    notes: tuple[str, ...] = ()
