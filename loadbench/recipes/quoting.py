"""Foreign text inside what is pasted: it must stay text for the shell, for Python and for JSON."""

import json
import shlex
from collections.abc import Mapping

from loadbench.errors import UsageError
from loadbench.records import Value


def shell_word(text: str) -> str:
    """One word for a POSIX shell. What cannot be printed has no form that is shown and pasted alike: a UsageError."""
    if not text.isprintable():
        raise UsageError(f"{text!a} has characters that cannot be pasted.")
    return shlex.quote(text)


def shell_path(path: str) -> str:
    """A path as one word, which no program takes for an option or a home directory."""
    return shell_word(f"./{path}" if path.startswith(("-", "~")) else path)


def python_literal(value: Value) -> str:
    """The value as a Python literal, in ASCII; text in double quotes where that needs no other escape."""
    literal = ascii(value)
    inner = literal[1:-1]
    return f'"{inner}"' if isinstance(value, str) and literal[0] == "'" and not {'"', "'"} & set(inner) else literal


def json_text(content: Mapping[str, Value | Mapping[str, Value]], indent: int | None = None) -> str:
    """An object as JSON, in ASCII."""
    return json.dumps(content, allow_nan=False, indent=indent)


def json_word(content: Mapping[str, Value]) -> str:
    """An object as JSON, as one word for the shell."""
    return shlex.quote(json_text(content))
