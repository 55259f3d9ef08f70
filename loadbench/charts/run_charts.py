"""The charts of a run: for each condition the best of each loader and the settings that were swept, then the drift."""

from collections.abc import Iterator

from loadbench.analysis.best import Contest
from loadbench.charts.chart import NamedChart
from loadbench.charts.run_axes import heat_maps, line_charts
from loadbench.charts.run_best import best_strip
from loadbench.charts.run_drift import drift_charts
from loadbench.charts.run_phases import phase_stacks
from loadbench.report.best_tables import best_title
from loadbench.report.ceiling_tables import ceiling_title
from loadbench.report.findings import Findings
from loadbench.report.loader_tables import loader_title
from loadbench.report.text import short


def run_charts(findings: Findings) -> tuple[NamedChart, ...]:
    """All charts that make sense for this run, in the order of its tables. None for a run without figures."""
    return (*(chart for contest in findings.contests for chart in _of_contest(contest, findings)), *_of_run(findings))


def _of_contest(contest: Contest, findings: Findings) -> Iterator[NamedChart]:
    if not contest.best:
        return
    condition = contest.condition
    where = f"{condition.checkpoint} {condition.cache}"
    title = best_title(contest)
    yield NamedChart(f"best {where}", best_strip(contest, findings), title)
    if stacks := phase_stacks(contest, findings):
        yield NamedChart(f"phases {where}", stacks, title)
    for tunable, lines in line_charts(contest, findings):
        yield NamedChart(f"{tunable} {where}", lines, title)
    for summary, heat_map in heat_maps(contest, findings):
        yield NamedChart(f"{short(summary.case.loader)} {where}", heat_map, loader_title(summary))


def _of_run(findings: Findings) -> Iterator[NamedChart]:
    for checkpoint, drift in drift_charts(findings):
        yield NamedChart(f"drift {checkpoint}", drift, ceiling_title(checkpoint))
