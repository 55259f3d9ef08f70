"""The charts of a trend: for each condition the cases that changed, then the others, as many as colours tell apart."""

from collections.abc import Iterator, Sequence
from statistics import median

from loadbench.charts.chart import Head, NamedChart
from loadbench.charts.over_runs import Course, Mark, OverRuns
from loadbench.charts.run_words import settings
from loadbench.charts.theme import MARKERS
from loadbench.records import Case
from loadbench.report.text import count, short
from loadbench.report.trend import CaseTrend, MachineTrend
from loadbench.report.trend_tables import CASES_TITLE, change_text

_MOST = len(MARKERS)


def trend_charts(trend: MachineTrend) -> Iterator[NamedChart]:
    """One for each condition of which two runs have a case."""
    conditions: dict[tuple[str, ...], list[CaseTrend]] = {}
    for case in trend.cases:
        conditions.setdefault(_condition(case.case), []).append(case)
    for condition, cases in conditions.items():
        yield NamedChart("-".join(("trend", *condition[:2])), _chart(cases, condition, trend), CASES_TITLE)


def _condition(case: Case) -> tuple[str, ...]:
    return case.checkpoint, case.cache, case.device, case.contract, case.dtype


def _chart(cases: Sequence[CaseTrend], condition: tuple[str, ...], trend: MachineTrend) -> OverRuns:
    ordered = sorted(cases, key=_importance)
    shown = ordered[:_MOST]
    present = [run for run in trend.runs if any(point.run is run for case in shown for point in case.points)]
    places = {run.identity: place for place, run in enumerate(present)}
    left_out = len(ordered) - len(shown)
    head = Head(
        f"{short(condition[0])}, {condition[1]}: {count(len(present), 'run')}",
        f"Median of each run; {', '.join(short(part) for part in condition[2:4])}",
        "A dotted line in a case's colour is where its level changed for good."
        + (f" {count(left_out, 'case')} not shown." if left_out else ""),
    )
    courses = [_course(case, number, places, trend) for number, case in enumerate(shown)]
    return OverRuns(head, courses, [_date(run.started_at) for run in present])


def _importance(case: CaseTrend) -> tuple[bool, bool, int, int]:
    """What changed comes first, then what most runs have, then what is fast; ceilings last."""
    return not case.steps, case.is_ceiling, -len(case.points), case.points[-1].median_ns


def _course(case: CaseTrend, number: int, places: dict[tuple[str, str, int], int], trend: MachineTrend) -> Course:
    first = case.steps[0].step.at if case.steps else len(case.points)
    level = median(point.median_ns for point in case.points[:first])
    ceiling = " (ceiling)" if case.is_ceiling else ""
    return Course(
        name=f"{short(case.case.loader)}{ceiling} {settings(case.case, trend.newest.loaders)}",
        runs=[places[point.run.identity] for point in case.points],
        values=[point.median_ns / level - 1 for point in case.points],
        marks=[
            Mark(places[one.before.identity], places[one.after.identity], change_text(one.step.change))
            for one in case.steps
        ],
        colour=number,
    )


def _date(started_at: str) -> str:
    """`11-21 15:30` of `2026-11-21T15:30:46+00:00`; all of it where it is no such time."""
    date, _, time = short(started_at).partition("T")
    return f"{date[5:]} {time[:5]}" if time else date
