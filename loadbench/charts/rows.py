"""Rows with a name on the left and values to the right: the ground of bars, stacks and strips."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadbench.charts.canvas import GAP, LINE, MARGIN, ROUND_STEPS, WIDTH, Frame, Key, Plot, canvas
from loadbench.charts.chart import Head, Reference
from loadbench.charts.text import NORMAL, SMALL, fit, width
from loadbench.charts.theme import Theme

THICKNESS = 0.2
"""Of a bar. Inches."""
_PITCH = 0.3
_PITCH_WITH_DETAIL = 0.38
_GROUP = 0.32
_WIDEST_NAME = 2.8
_WIDEST_LABEL = 2.6
_SPARE = 0.01
"""So that the widest name is not cut by a rounding error."""


@dataclass(frozen=True)
class Row:
    """What stands left of the axis, and the text right of the row's last mark."""

    name: str
    end: float
    """Where its marks end."""
    label: str = ""
    detail: str = ""
    """Small, below the name."""
    group: str = ""
    """Rows of one group follow each other under its name."""
    strong: bool = False


@dataclass(frozen=True)
class Rows:
    """Axes with named rows. The vertical unit is the inch, downwards."""

    plot: Plot
    places: tuple[float, ...]
    """The middle of each row."""


def draw_rows(
    head: Head,
    theme: Theme,
    rows: Sequence[Row],
    *,
    axis: str,
    references: Sequence[Reference] = (),
    keys: Sequence[Key] = (),
) -> Rows:
    """The axes from zero, names, labels and references; marks are still to be drawn at the places."""
    left = MARGIN + min(_WIDEST_NAME, max((_name_width(row) for row in rows), default=1.0)) + GAP + _SPARE
    places, headings, height = _places(rows)
    frame = Frame(height=height, left=left, above=LINE * len(references))
    plot = canvas(head, theme, frame, keys=keys, x_axis=axis)
    axes = plot.axes
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    labels = [fit(row.label, min(_WIDEST_LABEL, plot.width / 2)) for row in rows]
    limit = _limit(plot.width, zip([row.end for row in rows], labels, strict=True), references)
    plot.limit_x(0, limit)
    axes.xaxis.set_major_locator(MaxNLocator(6 if plot.width > 4 else 4, steps=ROUND_STEPS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="x", color=theme.grid, linewidth=0.8)
    axes.axvline(0, color=theme.muted, linewidth=1.0)
    for row, place, label in zip(rows, places, labels, strict=True):
        _draw_name(plot, row, place)
        if label:
            x, y = plot.left + row.end / limit * plot.width + GAP, plot.bottom + plot.height - place
            plot.label(x, y, label, weight="bold" if row.strong else "normal")
    for text, place in headings:
        heading = fit(text, WIDTH - 2 * MARGIN, bold=True)
        plot.label(MARGIN, plot.bottom + plot.height - place, heading, weight="bold")
    for number, reference in enumerate(references):
        _draw_reference(plot, reference, limit, LINE * (number + 0.5))
    if not rows:
        plot.empty()
    return Rows(plot, places)


def _name_width(row: Row) -> float:
    return max(width(fit(row.name, _WIDEST_NAME), bold=True), width(fit(row.detail, _WIDEST_NAME, SMALL), SMALL))


def _places(rows: Sequence[Row]) -> tuple[tuple[float, ...], list[tuple[str, float]], float]:
    """The middle of each row, the headings of groups with theirs, and the height of all. Inches from the top."""
    pitch = _PITCH_WITH_DETAIL if any(row.detail for row in rows) else _PITCH
    places: list[float] = []
    headings: list[tuple[str, float]] = []
    top = 0.05
    for number, row in enumerate(rows):
        if row.group and (number == 0 or rows[number - 1].group != row.group):
            headings.append((row.group, top + _GROUP / 2))
            top += _GROUP
        places.append(top + pitch / 2)
        top += pitch
    return tuple(places), headings, max(top + 0.05, 0.6)


def _limit(plot_width: float, ends: Iterable[tuple[float, str]], references: Iterable[Reference]) -> float:
    """The axis' end: where every label right of its row's end, and every reference, still fits."""
    needed = [end * plot_width / (plot_width - GAP - width(label, bold=True)) for end, label in ends]
    needed += [reference.value * 1.03 for reference in references]
    return max([*needed, 0.0]) or 1.0


def _draw_name(plot: Plot, row: Row, place: float) -> None:
    room = plot.left - MARGIN - GAP
    weight = "bold" if row.strong else "normal"
    shift = 0.07 if row.detail else 0.0
    _at(plot, -GAP, place - shift, fit(row.name, room, bold=row.strong), ha="right", weight=weight)
    if row.detail:
        detail = fit(row.detail, room, SMALL)
        _at(plot, -GAP, place + 0.09, detail, ha="right", size=SMALL, color=plot.theme.muted)


def _draw_reference(plot: Plot, reference: Reference, limit: float, above: float) -> None:
    """A dashed line through all rows up to its text, which keeps inside the plot."""
    x = reference.value / limit * plot.width
    plot.axes.plot(
        [reference.value] * 2,
        [plot.height, -above],
        color=plot.theme.text,
        linewidth=1.2,
        linestyle=(0, (4, 2)),
        clip_on=False,
        zorder=1.5,
    )
    right = x < plot.width / 2
    text = fit(reference.text, max(x, plot.width - x) - GAP, NORMAL)
    _at(plot, x + (GAP / 2 if right else -GAP / 2), -above, text, ha="left" if right else "right")


def _at(plot: Plot, x: float, down: float, text: str, **looks: object) -> None:
    """Text in inches from the upper left corner of the plot."""
    plot.text(plot.left + x, plot.bottom + plot.height - down, text, **looks)
