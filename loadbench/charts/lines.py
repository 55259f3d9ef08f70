"""Time over a setting, such as threads or concurrency: a line for each loader, each point with its value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadbench.charts.canvas import LINE, MARGIN, ROUND_STEPS, Frame, Key, Plot, canvas
from loadbench.charts.chart import Head, Reference, listed, number
from loadbench.charts.labels import Wish, place
from loadbench.charts.scale import Scale, scale
from loadbench.charts.text import NORMAL, SMALL, fit, width
from loadbench.charts.theme import MARKERS, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 3.2
_LEFT = 0.65
_HEADROOM = 1.12
_BESIDE = 0.07
"""Between the intervals of two lines at one value of the setting. Inches."""


@dataclass(frozen=True)
class Point:
    """One figure; `low` and `high` are its interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    text: str = ""

    @property
    def shown(self) -> str:
        """The value as text: three digits where none is given."""
        return self.text or number(self.y)


@dataclass(frozen=True)
class Line:
    """The points of one loader."""

    name: str
    points: Sequence[Point]
    colour: int = 0


@dataclass(frozen=True)
class Lines:
    """Lines over one setting; the vertical axis begins at zero. References are levels, such as a ceiling."""

    head: Head
    x_axis: str
    y_axis: str
    lines: Sequence[Line]
    ticks: Sequence[tuple[float, str]] = ()
    """How values of the setting are written, where not as numbers."""
    references: Sequence[Reference] = ()

    def describe(self) -> str:
        """The lines in words."""
        ticks = self._ticks()
        return listed(
            f"{self.y_axis} over {self.x_axis}",
            (
                f"{line.name}: " + ", ".join(f"{point.shown} at {ticks[point.x]}" for point in line.points)
                for line in self.lines
            ),
        )

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        keys = [Key(line.name, theme.colour(line.colour), "line", _marker(line)) for line in self.lines]
        keys += [Key(reference.text, theme.text, "dashes") for reference in self.references]
        along = scale(point.x for line in self.lines for point in line.points)
        x_axis = f"{self.x_axis}, {along.kind}" if along.kind else self.x_axis
        plot = canvas(self.head, theme, Frame(_HEIGHT, _LEFT), keys=keys, x_axis=x_axis, y_axis=self.y_axis)
        top = max([*self._heights(), 0.0]) * _HEADROOM or 1.0
        _axes(plot, top)
        _ticks_below(plot, along, self._ticks())
        for reference in self.references:
            plot.axes.axhline(reference.value, color=theme.text, linewidth=1.2, linestyle=(0, (4, 2)))
        paths = [_path(line, along, _shift(place, self.lines) / plot.width) for place, line in enumerate(self.lines)]
        for line, path in zip(self.lines, paths, strict=True):
            _draw_line(plot, line, path)
        _draw_values(plot, self.lines, paths, [reference.value for reference in self.references])
        if not self.lines:
            plot.empty()
        return plot.figure

    def _ticks(self) -> dict[float, str]:
        written = dict(self.ticks)
        return {point.x: written.get(point.x, f"{point.x:g}") for line in self.lines for point in line.points}

    def _heights(self) -> list[float]:
        points = [point for line in self.lines for point in line.points]
        return [max(point.y, point.high or 0.0) for point in points] + [one.value for one in self.references]


def _marker(line: Line) -> str:
    return MARKERS[line.colour % len(MARKERS)]


def _axes(plot: Plot, top: float) -> None:
    axes = plot.axes
    plot.limit_x(0, 1)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=ROUND_STEPS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(axis="y", colors=plot.theme.muted, length=0, labelsize=NORMAL - 0.5)
    axes.grid(axis="y", color=plot.theme.grid, linewidth=0.8)
    axes.axhline(0, color=plot.theme.muted, linewidth=1.0)


def _ticks_below(plot: Plot, along: Scale, ticks: dict[float, str]) -> None:
    """The setting's values, each where it stands; one without room beside its neighbour is left out."""
    plot.axes.set_xticks([])
    ends = -1.0
    for value, share in sorted(along.places.items()):
        text = fit(ticks[value], plot.width / 4)
        middle, half = plot.left + share * plot.width, width(text) / 2
        middle = min(max(middle, MARGIN + half), plot.left + plot.width + MARGIN / 2 - half)
        if middle - half > ends:
            plot.text(middle, plot.bottom - 0.7 * LINE, text, ha="center", color=plot.theme.muted)
            ends = middle + half + 0.06


def _shift(place: int, lines: Sequence[Line]) -> float:
    """How far a line stands beside the true values, so that its intervals do not hide those of others. Inches."""
    with_intervals = any(point.low is not None for line in lines for point in line.points)
    return (place - (len(lines) - 1) / 2) * _BESIDE if with_intervals else 0.0


def _path(line: Line, along: Scale, shift: float) -> list[float]:
    """Where the points of a line stand along the axis, from 0 to 1."""
    return [along.places[point.x] + shift for point in line.points]


def _draw_line(plot: Plot, line: Line, x: Sequence[float]) -> None:
    colour = plot.theme.colour(line.colour)
    for at, point in zip(x, line.points, strict=True):
        if point.low is not None and point.high is not None:
            plot.axes.plot([at, at], [point.low, point.high], color=colour, alpha=0.4, linewidth=3, zorder=2)
    plot.axes.plot(
        x,
        [point.y for point in line.points],
        color=colour,
        linewidth=1.8,
        marker=_marker(line),
        markersize=6.5,
        markeredgecolor=plot.theme.background,
        markeredgewidth=0.7,
        zorder=3,
        clip_on=False,
    )


def _draw_values(plot: Plot, lines: Sequence[Line], paths: Sequence[Sequence[float]], levels: Sequence[float]) -> None:
    """The value beside each point where there is room; the smallest of each line first, as they matter most."""
    top = plot.axes.get_ylim()[1]

    def inches(x: float, y: float) -> tuple[float, float]:
        return x * plot.width, y / top * plot.height

    drawn = [
        [inches(x, point.y) for x, point in zip(path, line.points, strict=True)]
        for line, path in zip(lines, paths, strict=True)
    ]
    drawn += [[inches(0, level), inches(1, level)] for level in levels]
    drawn += [
        [inches(x, point.low), inches(x, point.high)]
        for line, path in zip(lines, paths, strict=True)
        for x, point in zip(path, line.points, strict=True)
        if point.low is not None and point.high is not None
    ]
    points = [
        (min(other.y for other in line.points) != point.y, inches(x, point.y), point)
        for line, path in zip(lines, paths, strict=True)
        for x, point in zip(path, line.points, strict=True)
    ]
    points.sort(key=lambda found: found[0])
    wishes = [Wish(*at, width(fit(point.shown, 1.5), SMALL)) for _, at, point in points]
    boxes = place(wishes, drawn, (-0.1, 0.03, plot.width + 0.1, plot.height + 0.1))
    for (_, _, point), box in zip(points, boxes, strict=True):
        if box:
            x, y = plot.left + (box[0] + box[2]) / 2, plot.bottom + (box[1] + box[3]) / 2
            plot.text(x, y, fit(point.shown, 1.5), ha="center", size=SMALL)
