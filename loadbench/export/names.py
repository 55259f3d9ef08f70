"""The name of a case in an export. Other tools follow a case through time by it, so it must never change.

`loader/checkpoint/device=cpu/cache=cold/contract=owned/dtype=auto/threads=8`: `Case.name` with each part written as in
a URL, so that no name holds a blank, a quote, a comma, a slash or anything but ASCII of its own.
"""

from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote

from loadbench.records import Case, name_value

LONGEST = 1000
"""Characters of a name. Bencher takes 1,024; what a format puts before or behind the name is shorter than the rest."""
LONGEST_PART = 200
_SAFE = "+:@"
"""Characters that stay as they are, besides letters, digits and `_.-~`."""


def part(text: str) -> str:
    """A foreign text as a part of a name: as in a URL, and cut with a digest where it is long."""
    return _cut(quote(text, safe=_SAFE, errors="surrogatepass"), LONGEST_PART)


def export_name(case: Case) -> str:
    """The name of one case."""
    fields = ("loader", "checkpoint", "device", "cache", "contract", "dtype")
    safe = {field: part(getattr(case, field)) for field in fields}
    tunables = {part(key): part(name_value(value)) for key, value in case.tunables.items()}
    return _cut(case.model_copy(update={**safe, "tunables": tunables}).name, LONGEST)


def export_names(cases: Iterable[Case]) -> list[str]:
    """The names of the cases of a run, no two alike: `#2` ends the second of two that read the same, `8` and "8"."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for case in cases:
        name = export_name(case)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[: longest - 17]}~{sha256(text.encode()).hexdigest()[:16]}"
