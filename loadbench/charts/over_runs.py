"""Cases over many runs, each beside its own first level, so that fast and slow ones are in one chart; steps marked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadbench.charts.canvas import LINE, MARGIN, ROUND_STEPS, Frame, Key, Plot, canvas
from loadbench.charts.chart import Head, listed
from loadbench.charts.text import NORMAL, SMALL, fit, width
from loadbench.charts.theme import MARKERS, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 3.0
_LEFT = 0.75
_LEAST = 0.1
"""The axis shows at least so much to either side, so that what is small looks small."""


@dataclass(frozen=True)
class Mark:
    """A step: between which runs, and how large."""

    before: int
    after: int
    text: str


@dataclass(frozen=True)
class Course:
    """The times of a case as shares of its first level: 0.1 is 10 % slower. Runs are places on the axis."""

    name: str
    runs: Sequence[int]
    values: Sequence[float]
    marks: Sequence[Mark] = field(default_factory=tuple)
    colour: int = 0


@dataclass(frozen=True)
class OverRuns:
    """Cases over runs."""

    head: Head
    courses: Sequence[Course]
    dates: Sequence[str]
    """What stands below each run."""

    def describe(self) -> str:
        """The courses in words."""
        return listed(
            "Time of each case over the runs, beside its first level",
            (
                f"{course.name}: {_percent(min(course.values))} to {_percent(max(course.values))}"
                + "".join(f", step {mark.text} at {self.dates[mark.after]}" for mark in course.marks)
                for course in self.courses
                if course.values
            ),
        )

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        keys = [Key(one.name, theme.colour(one.colour), "line", _marker(one)) for one in self.courses]
        y_axis = "Time beside the first level (%)"
        plot = canvas(self.head, theme, Frame(_HEIGHT, _LEFT), keys=keys, x_axis="Run", y_axis=y_axis)
        values = [value for course in self.courses for value in course.values]
        low, high = min([-_LEAST, *values]), max([_LEAST, *values])
        room = 0.12 * (high - low)
        plot.limit_x(-0.5, max(len(self.dates), 1) - 0.5)
        plot.axes.set_xticks([])
        plot.axes.set_ylim(low - room, high + room)
        plot.axes.yaxis.set_major_locator(MaxNLocator(6, steps=ROUND_STEPS))
        plot.axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _percent(value)))
        plot.axes.tick_params(axis="y", colors=theme.muted, length=0, labelsize=NORMAL - 0.5)
        plot.axes.grid(axis="y", color=theme.grid, linewidth=0.8)
        plot.axes.axhline(0, color=theme.muted, linewidth=1.0)
        self._dates_below(plot)
        for course in self.courses:
            _draw(plot, course)
        self._mark_steps(plot)
        if not values:
            plot.empty()
        return plot.figure

    def _place(self, plot: Plot, run: float) -> float:
        """Where a run stands. Inches."""
        return plot.left + plot.width * (run + 0.5) / max(len(self.dates), 1)

    def _dates_below(self, plot: Plot) -> None:
        ends = -1.0
        for run, date in enumerate(self.dates):
            text = fit(date, plot.width / 4)
            half = width(text) / 2
            middle = min(max(self._place(plot, run), MARGIN + half), plot.left + plot.width + MARGIN / 2 - half)
            if middle - half > ends:
                plot.text(middle, plot.bottom - 0.7 * LINE, text, ha="center", color=plot.theme.muted)
                ends = middle + half + 0.1

    def _mark_steps(self, plot: Plot) -> None:
        """A dotted line where a level ends, in the case's colour; the sizes above it, below each other."""
        taken: dict[float, int] = {}
        for course in self.courses:
            for mark in course.marks:
                between = (mark.before + mark.after) / 2
                row = taken.get(between, 0)
                taken[between] = row + 1
                colour = plot.theme.colour(course.colour)
                shift = 0.04 * row * max(len(self.dates), 1) / plot.width
                plot.axes.axvline(between + shift, color=colour, linewidth=1.4, linestyle=(0, (1, 1.5)), zorder=2)
                text = fit(mark.text, 1.2)
                half = width(text, SMALL) / 2
                most = plot.left + plot.width - half
                x = min(self._place(plot, between) + half + 0.08, most)
                y = plot.bottom + plot.height - (row + 0.5) * 0.16
                plot.label(x, y, text, ha="center", size=SMALL, color=colour, weight="bold")


def _draw(plot: Plot, course: Course) -> None:
    plot.axes.plot(
        course.runs,
        course.values,
        color=plot.theme.colour(course.colour),
        linewidth=1.4,
        marker=_marker(course),
        markersize=5.5,
        markeredgecolor=plot.theme.background,
        markeredgewidth=0.6,
        clip_on=False,
        zorder=3,
    )


def _marker(course: Course) -> str:
    return MARKERS[course.colour % len(MARKERS)]


def _percent(share: float) -> str:
    """`+12 %`; a true minus sign, and no sign on zero."""
    value = round(100 * share, 1)
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{abs(value):g} %"
