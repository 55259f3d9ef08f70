"""What the doctor says about one thing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "limited", "missing", "not here"]
"""`not here` is what this machine has no use for: GPU facts without a GPU, NUMA with one node."""


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis."""

    area: str
    name: str
    state: State
    seen: str
    """What was tried or read, without a full stop."""
    consequence: str
    """What follows for figures that are measured here: whole sentences."""
    advice: str = ""
    """What to do: whole sentences; empty where nothing is to be done."""


def looked_at(area: str, look: Callable[[], Sequence[Finding]]) -> list[Finding]:
    """The findings; one that says so where looking itself fails, since a diagnosis must not end in a traceback."""
    try:
        return list(look())
    except Exception as error:  # whatever a stranger's kernel, sandbox or driver makes of it
        return [
            Finding(
                area,
                area.lower(),
                "missing",
                f"looking failed: {error!r}",
                "Nothing is known about it.",
                "Report this as a bug in loadbench, with this line.",
            )
        ]
