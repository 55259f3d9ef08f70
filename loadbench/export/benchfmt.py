"""The Go benchmark format, for benchstat: one line for each trial.

Specification: https://go.googlesource.com/proposal/+/master/design/14313-benchmark-format.md and
https://pkg.go.dev/golang.org/x/perf/benchfmt.
"""

import re

from loadbench.export.figures import Exported, Figure
from loadbench.export.origin import origin

_CONFIGURATION = ("cpu", "gpu")
"""Facts that are file configuration: benchstat compares only what is equal in them. The rest are lines it skips."""


def as_benchfmt(exported: Exported) -> str:
    """Nanoseconds of each load, and bytes of its tensors a second."""
    facts = origin(exported.run)
    lines = [f"# {name}: {value}" for name, value in facts.items() if name not in _CONFIGURATION]
    lines += [f"{name}: {facts[name]}" for name in _CONFIGURATION if name in facts]
    lines += ["Unit ns/op better=lower", "Unit B/s better=higher"]
    for figure in exported.figures:
        name = _name(figure)
        lines += [f"{name} 1 {trial.seconds * 1e9:.0f} ns/op {trial.bytes_per_s:.0f} B/s" for trial in figure.trials]
    return "\n".join([*lines, ""])


def _name(figure: Figure) -> str:
    """`BenchmarkLoad/loader=.../checkpoint=.../device=...`, so that each part can be a row or a column.

    A number behind a last dash would be taken for GOMAXPROCS.
    """
    loader, checkpoint, rest = figure.name.split("/", 2)
    name = f"BenchmarkLoad/loader={loader}/checkpoint={checkpoint}/{rest}"
    return re.sub(r"-(\d+)$", r"%2D\1", name)
