"""OpenMetrics text 1.0, for GitLab's metrics report and, as it is Prometheus' older text too, for node_exporter.

GitLab compares the values of two branches as text, so they are rounded to the width of their interval: a digit that
is noise would show as a change.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256

from loadbench.export.figures import Exported, Figure, spread
from loadbench.export.names import part
from loadbench.export.origin import origin
from loadbench.records import name_value
from loadbench.units import NS

_FEW = 0.05
"""Half-width, as a share, that a value of too few trials for an interval has at the least."""
_CASE = ("loader", "checkpoint", "device", "cache", "contract", "dtype")
_CHANGES_ALWAYS = ("run", "date", "commit")
"""Facts that are left out: with them no line of one run would ever be equal to one of another."""
_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,60}")


def as_openmetrics(exported: Exported) -> str:
    """Four gauges for each case, and the machine and the versions once."""
    labels = {figure.name: _labels(figure) for figure in exported.figures}
    lines = [
        "# TYPE loadbench_run_info gauge",  # the type info is unknown to all that reads Prometheus' older text
        "# HELP loadbench_run_info Machine and versions.",
        f"loadbench_run_info{{{_pairs(_run_labels(exported))}}} 1",
    ]
    for name, unit, help, value_of in _GAUGES:
        values = [(figure.name, value_of(figure)) for figure in exported.figures]
        samples = [f"{name}{{{_pairs(labels[its])}}} {value}" for its, value in values if value is not None]
        if samples:
            lines += [f"# TYPE {name} gauge", f"# UNIT {name} {unit}", f"# HELP {name} {help}", *samples]
    return "\n".join([*lines, "# EOF", ""])


def rounded(value: float, half_width: float) -> str:
    """The value in steps of 1, 2 or 5 times a power of ten, the smallest that is not smaller than the half-width.

    It keeps one significant digit at the least, and has two where there is no width.
    """
    if value <= 0:
        return "0"
    leading = Decimal(1).scaleb(math.floor(math.log10(value)))
    step = min(leading, _step(half_width)) if half_width > 0 else leading / 10
    return f"{((Decimal(value) / step).quantize(Decimal(1)) * step).normalize():f}"


def _step(half_width: float) -> Decimal:
    power = Decimal(1).scaleb(math.floor(math.log10(half_width)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= Decimal(half_width))


def _load(figure: Figure) -> str:
    return _with_interval(figure, figure.seconds)


def _bandwidth(figure: Figure) -> str:
    return _with_interval(figure, figure.measured.payload_bytes / figure.measured.median_ns * NS)


def _peak(figure: Figure) -> str | None:
    peak = figure.measured.rss_peak_bytes
    return None if peak is None else rounded(peak, 0)


def _share(figure: Figure) -> str | None:
    return None if figure.ceiling_share is None else _with_interval(figure, figure.ceiling_share)


_GAUGES: tuple[tuple[str, str, str, Callable[[Figure], str | None]], ...] = (
    ("loadbench_load_seconds", "seconds", "Median load.", _load),
    ("loadbench_load_bytes_per_second", "bytes_per_second", "Bytes of the tensors over the median load.", _bandwidth),
    ("loadbench_peak_memory_bytes", "bytes", "Peak resident memory of the loading process.", _peak),
    ("loadbench_ceiling_ratio", "ratio", "Least time that is possible here over the median load.", _share),
)


def _with_interval(figure: Figure, value: float) -> str:
    """A value that is as uncertain, in proportion, as the median load. Too few trials never make it look precise."""
    bounds = figure.bounds_s
    share = spread(figure.seconds, bounds) / figure.seconds if bounds is not None else 0.0
    if figure.measured.interval.kind != "95 %":
        share = max(share, _FEW)
    return rounded(value, value * share)


def _labels(figure: Figure) -> dict[str, str]:
    labels = {name: part(getattr(figure.case, name)) for name in _CASE}
    for name, value in sorted(figure.case.tunables.items()):
        known = name in labels or name == "same_name"
        legal = _LABEL.fullmatch(name) and not known
        label = name if legal else f"tunable_{sha256(name.encode(errors='surrogatepass')).hexdigest()[:16]}"
        labels[label] = part(name_value(value))
    before, hash_sign, number = figure.name.rpartition("#")
    return {**labels, "same_name": number} if before and hash_sign else labels


def _run_labels(exported: Exported) -> dict[str, str]:
    facts = {name: value for name, value in origin(exported.run).items() if name not in _CHANGES_ALWAYS}
    return {label: value for name, value in facts.items() if _LABEL.fullmatch(label := name.replace("-", "_").lower())}


def _pairs(labels: dict[str, str]) -> str:
    escape = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    return ",".join(f'{name}="{value.translate(escape)}"' for name, value in labels.items())
