"""Settings that were swept: a line for one, through each loader's best case, and a heat map for two together."""

from collections.abc import Iterator, Mapping, Sequence

from loadbench.analysis.best import Best, Contest, Standing
from loadbench.analysis.summary import CaseSummary
from loadbench.charts.chart import Head
from loadbench.charts.heatmap import Cell, HeatMap
from loadbench.charts.lines import Line, Lines, Point
from loadbench.charts.run_words import TIME_AXIS, colours, subtitle
from loadbench.records import Value
from loadbench.report.cells import tunable_text
from loadbench.report.findings import Findings
from loadbench.report.text import seconds, short
from loadbench.units import NS

_KEPT = "Other settings of a loader as in its best case."
_MOST_LINES = 7
"""Beyond it, colours and shapes begin again."""


def line_charts(contest: Contest, findings: Findings) -> Iterator[tuple[str, Lines]]:
    """For each whole-numbered setting with at least two values: its name, and the time of each loader over it."""
    numbers = colours(findings)
    slices: dict[str, list[tuple[CaseSummary, list[Standing]]]] = {}
    for best in contest.best:
        for tunable in best.summary.case.tunables:
            found = [] if best.summary.is_ceiling else _slice(best, tunable, contest)
            if len(found) > 1:
                slices.setdefault(tunable, []).append((best.summary, found))
    for tunable, of_loaders in slices.items():
        loaders = findings.stored.run.loaders
        ticks = {
            _number(one, tunable): tunable_text(tunable, one.summary.case.tunables[tunable], one.summary.case, loaders)
            for _, found in of_loaders
            for one in found
        }
        lines = [
            Line(
                short(summary.case.loader),
                [_point(one, tunable) for one in found],
                numbers[summary.case.loader],
            )
            for summary, found in of_loaders[:_MOST_LINES]
        ]
        left_out = len(of_loaders) - len(lines)
        note = f"{_KEPT} The {left_out} slowest loaders are left out." if left_out else _KEPT
        head = Head(f"Time to load over {short(tunable)}", subtitle(contest, findings), note)
        yield tunable, Lines(head, _axis(tunable, of_loaders[0][0], findings), TIME_AXIS, lines, tuple(ticks.items()))


def heat_maps(contest: Contest, findings: Findings) -> Iterator[tuple[CaseSummary, HeatMap]]:
    """For each loader that swept two settings or more: the two with the most values, the others as in its best case."""
    for best in contest.best:
        own = [one for one in contest.standings if one.summary.case.loader == best.summary.case.loader]
        values = {name: _values(own, name) for name in best.summary.case.tunables}
        swept = sorted((name for name in values if len(values[name]) > 1), key=lambda name: -len(values[name]))
        if len(swept) >= 2 and not best.summary.is_ceiling:
            down, along = sorted(swept[:2], key=lambda name: list(values).index(name))
            found = _heat_map(best, own, (down, values[down]), (along, values[along]), contest, findings)
            if sum(cell is not None for row in found.cells for cell in row) > max(len(found.rows), len(found.columns)):
                yield best.summary, found  # else the two settings were only varied together


def _heat_map(
    best: Best,
    own: Sequence[Standing],
    down: tuple[str, Sequence[Value]],
    along: tuple[str, Sequence[Value]],
    contest: Contest,
    findings: Findings,
) -> HeatMap:
    case, loaders = best.summary.case, findings.stored.run.loaders
    others = _others(case.tunables, down[0], along[0])
    several = len(contest.top_set) > 1
    cells = {
        (repr(one.summary.case.tunables.get(down[0])), repr(one.summary.case.tunables.get(along[0]))): Cell(
            one.measured.median_ns / NS,
            seconds(one.measured.median_ns),
            bool(one.in_top_set) and several,
        )
        for one in own
        if _others(one.summary.case.tunables, down[0], along[0]) == others
    }
    kept = " ".join(f"{short(name)}={tunable_text(name, value, case, loaders)}" for name, value in others.items())
    return HeatMap(
        Head(
            f"{short(case.loader)}: {short(down[0])} and {short(along[0])}",
            subtitle(contest, findings),
            f"Median times. {f'With {kept}, as in its best case.' if kept else ''}",
        ),
        x_axis=_axis(along[0], best.summary, findings),
        y_axis=_axis(down[0], best.summary, findings),
        value="Time (s)",
        columns=[tunable_text(along[0], value, case, loaders) for value in along[1]],
        rows=[tunable_text(down[0], value, case, loaders) for value in down[1]],
        cells=[[cells.get((repr(row), repr(column))) for column in along[1]] for row in down[1]],
    )


def _axis(tunable: str, summary: CaseSummary, findings: Findings) -> str:
    """A setting's name with its unit, where it has one."""
    info = findings.stored.run.loaders.get(summary.case.loader)
    units = {one.name: one.unit for one in info.tunables} if info else {}
    return f"{short(tunable)} (bytes; M is MiB)" if units.get(tunable) == "bytes" else short(tunable)


def _slice(best: Best, tunable: str, contest: Contest) -> list[Standing]:
    """The loader's cases that differ from its best in this whole-numbered setting alone, in its order."""
    case = best.summary.case
    found = [
        one
        for one in contest.standings
        if one.summary.case.loader == case.loader
        and type(one.summary.case.tunables.get(tunable)) is int
        and _others(one.summary.case.tunables, tunable) == _others(case.tunables, tunable)
    ]
    return sorted(found, key=lambda one: _number(one, tunable))


def _number(one: Standing, tunable: str) -> float:
    value = one.summary.case.tunables[tunable]
    assert isinstance(value, int)
    return float(value)


def _point(one: Standing, tunable: str) -> Point:
    spread = one.measured.interval
    known = spread.kind == "95 %"
    return Point(
        _number(one, tunable),
        one.measured.median_ns / NS,
        spread.low / NS if known else None,
        spread.high / NS if known else None,
        seconds(one.measured.median_ns),
    )


def _values(own: Sequence[Standing], tunable: str) -> list[Value]:
    """The values of a setting that have a figure: numbers by size, others as they come."""
    found = {repr(value): value for one in own if (value := one.summary.case.tunables.get(tunable)) is not None}
    return sorted(
        found.values(),
        key=lambda value: (0, value) if isinstance(value, int | float) else (1, 0),
    )


def _others(tunables: Mapping[str, Value], *leave_out: str) -> dict[str, Value]:
    return {name: value for name, value in tunables.items() if name not in leave_out}
