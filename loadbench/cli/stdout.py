"""Standard output that takes every character, also where it is not UTF-8."""

import io
import sys


def take_every_character() -> None:
    """Let a character that the terminal does not have, such as × or –, become a question mark and not the end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
