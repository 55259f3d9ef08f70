"""The best case of each loader under one condition: every trial of it, with what is possible here."""

from loadbench.analysis.best import Best, Contest, possible
from loadbench.charts.chart import Head, Reference
from loadbench.charts.run_words import TIME_AXIS, colours, settings, subtitle
from loadbench.charts.strip import Samples, Strip
from loadbench.report.cells import loader_text
from loadbench.report.findings import Findings
from loadbench.report.text import percent, rate, seconds
from loadbench.units import NS

_LUCK = "Each is the best of its loader's cases, which is partly luck."
_TOP = "Bold: not told apart from the fastest."


def best_strip(contest: Contest, findings: Findings) -> Strip:
    """The strip, the fastest first."""
    bounds = possible(contest, findings.ceilings)
    picked = any(best.cases > 1 for best in contest.best)
    shared = len(contest.top_set) > 1
    return Strip(
        Head(
            "Best observed case of each loader",
            subtitle(contest, findings),
            " ".join([*([_TOP] if shared else []), *([_LUCK] if picked else [])]),
        ),
        TIME_AXIS,
        tuple(_row(best, findings, shared) for best in contest.best),
        (_reference(bounds.lower.stage, bounds.lower.ns),) if bounds else (),
    )


def _reference(stage: str, ns: int) -> Reference:
    return Reference(ns / NS, f"{stage} ceiling, {seconds(ns)} s")


def _row(best: Best, findings: Findings, shared: bool) -> Samples:
    summary, measured = best.summary, best.measured
    figures = [f"{seconds(measured.median_ns)} s", f"{rate(measured.gb_per_s)} GB/s"]
    if summary.ceiling_share is not None and not summary.is_ceiling:
        figures.append(f"{percent(summary.ceiling_share)} of ceiling")
    interval = measured.interval
    return Samples(
        name=loader_text(summary),
        values=[sample / NS for sample in measured.samples_ns],
        median=measured.median_ns / NS,
        interval=(interval.low / NS, interval.high / NS) if interval.kind == "95 %" else None,
        text=", ".join(figures),
        detail=settings(summary.case, findings.stored.run.loaders),
        colour=colours(findings).get(summary.case.loader, 0),
        strong=shared and bool(best.standing and best.standing.in_top_set),
        aside=summary.is_ceiling,
    )
