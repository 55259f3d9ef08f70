"""The sentinels of a run over its rounds."""

from loadbench.analysis.notes import drift_text
from loadbench.analysis.summary import CaseSummary
from loadbench.analysis.trend import DRIFT
from loadbench.charts.chart import Head
from loadbench.charts.drift import Drift, Track
from loadbench.report.cells import case_text
from loadbench.report.findings import Findings
from loadbench.report.text import short

_FEWEST = 2


def drift_chart(findings: Findings) -> Drift | None:
    """The chart; None for a run that has no sentinel with two trials."""
    tracks = [_track(one, number, findings) for number, one in enumerate(_sentinels(findings))]
    if not tracks:
        return None
    return Drift(
        Head(
            "Did the machine drift?",
            f"Sentinels of {short(findings.stored.run.name)}: the same reads in every round",
            f"Within ±{100 * DRIFT:.0f} %, the grey band, a change over the run is no warning.",
        ),
        tracks,
        DRIFT,
    )


def _sentinels(findings: Findings) -> list[CaseSummary]:
    return [one for one in findings.summaries if one.is_sentinel and one.measured and one.measured.n >= _FEWEST]


def _track(summary: CaseSummary, number: int, findings: Findings) -> Track:
    measured = summary.measured
    assert measured is not None
    trials = sorted(zip(measured.rounds, measured.samples_ns, strict=True))
    says = f": {drift_text(measured.trend)}" if measured.trend and measured.trend.unsteady else ""
    return Track(
        name=case_text(summary.case, findings.stored.run.loaders) + says,
        rounds=[at for at, _ in trials],
        values=[sample / measured.median_ns - 1 for _, sample in trials],
        colour=number,
    )
