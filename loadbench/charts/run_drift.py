"""The sentinels of a run over its rounds, those of each checkpoint by themselves."""

from collections.abc import Iterator

from loadbench.analysis.notes import drift_text
from loadbench.analysis.summary import CaseSummary
from loadbench.analysis.trend import DRIFT
from loadbench.charts.chart import Head
from loadbench.charts.drift import Drift, Track
from loadbench.charts.run_words import settings
from loadbench.report.findings import Findings
from loadbench.report.text import short

_FEWEST = 2


def drift_charts(findings: Findings) -> Iterator[tuple[str, Drift]]:
    """For each checkpoint with a sentinel that has two trials: its name, and the chart."""
    found: dict[str, list[CaseSummary]] = {}
    for one in findings.summaries:
        if one.is_sentinel and one.measured and one.measured.n >= _FEWEST:
            found.setdefault(one.case.checkpoint, []).append(one)
    for checkpoint, sentinels in found.items():
        head = Head(
            "Did the machine drift?",
            f"Sentinels of {short(checkpoint)}: the same reads in every round",
            f"Within ±{100 * DRIFT:.0f} %, the grey band, a change over the run is no warning.",
        )
        yield checkpoint, Drift(head, [_track(one, at, findings) for at, one in enumerate(sentinels)], DRIFT)


def _track(summary: CaseSummary, number: int, findings: Findings) -> Track:
    measured, case = summary.measured, summary.case
    assert measured is not None
    trials = sorted(zip(measured.rounds, measured.samples_ns, strict=True))
    trend = f": {drift_text(measured.trend)}" if measured.trend and measured.trend.unsteady else ""
    return Track(
        name=f"{case.cache} {short(case.loader)} {settings(case, findings.stored.run.loaders)}{trend}",
        rounds=[at for at, _ in trials],
        values=[sample / measured.median_ns - 1 for _, sample in trials],
        colour=number,
    )
