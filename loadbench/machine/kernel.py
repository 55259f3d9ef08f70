"""Reading the kernel's small text files in /proc and /sys."""

from pathlib import Path


def text_of(path: str | Path) -> str | None:
    """The file's text, stripped; None where this machine has no such file or it is not ours to read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def number_in(path: str | Path) -> int | None:
    """The integer in the file; None where there is none."""
    text = text_of(path)
    try:
        return int(text) if text else None
    except ValueError:
        return None


def selected_in(path: str | Path) -> str | None:
    """The chosen word of a file such as `always [madvise] never`; all of its text where no word is in brackets."""
    text = text_of(path)
    if text is None or "[" not in text:
        return text
    return text.partition("[")[2].partition("]")[0]


def fields_of(path: str | Path) -> dict[str, int]:
    """The numbers of a file of `name value` or `Name: value kB` lines, kB as bytes."""
    fields = {}
    for line in (text_of(path) or "").splitlines():
        words = line.replace(":", " ").split()
        if len(words) >= 2 and words[1].isdigit():
            fields[words[0]] = int(words[1]) * (1024 if words[2:] == ["kB"] else 1)
    return fields
