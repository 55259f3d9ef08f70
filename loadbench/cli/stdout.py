"""Standard output that takes every character, also where it is not UTF-8."""

import codecs
import io
import sys

_PLAIN = str.maketrans("–—−×≈†‡§·≤≥µ±…÷∞─━│α β", "---x~+#^-<>u+./8--|a b")
"""For each character that tables and footnotes are made of, one that every terminal has: no two marks become one."""


def take_every_character() -> None:
    """Let a character that the terminal does not have become a plain one, or a question mark, and not the end."""
    codecs.register_error("loadbench", _plain)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="loadbench")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(char if char.isascii() else "?" for char in missing.translate(_PLAIN)), error.end
