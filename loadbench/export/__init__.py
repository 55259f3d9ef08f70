"""A run's figures in the formats of other tools. One file for each: a pure function from the figures to text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadbench.export.bencher import as_bencher
from loadbench.export.benchfmt import as_benchfmt
from loadbench.export.figures import Exported, Figure
from loadbench.export.github import bigger_is_better, smaller_is_better
from loadbench.export.hyperfine import as_hyperfine
from loadbench.export.openmetrics import as_openmetrics
from loadbench.export.pyperf import as_pyperf, unequal


def _nothing(_figures: Sequence[Figure]) -> str:
    return ""


@dataclass(frozen=True)
class Format:
    """How a run is written for another tool."""

    write: Callable[[Exported], str]
    remark: Callable[[Sequence[Figure]], str] = _nothing
    """What the reader of these figures must know about the other tool; empty for nothing."""


FORMATS = {
    "github-smaller": Format(smaller_is_better),
    "github-bigger": Format(bigger_is_better),
    "bencher": Format(as_bencher),
    "openmetrics": Format(as_openmetrics),
    "pyperf": Format(as_pyperf, unequal),
    "hyperfine": Format(as_hyperfine),
    "benchfmt": Format(as_benchfmt),
}
