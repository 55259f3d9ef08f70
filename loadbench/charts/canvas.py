"""The figure around a plot: title, key and note, everything placed in inches, so that nothing depends on a layout."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from loadbench.charts.chart import Head
from loadbench.charts.text import LARGE, NORMAL, SMALL, fit, width, wrap
from loadbench.charts.theme import Theme

WIDTH = 8.0
MARGIN = 0.2
GAP = 0.08
"""Between a mark and its text."""
LINE = 0.18
"""Height of a line of normal text."""
ROUND_STEPS = [1, 2, 2.5, 5, 10]
"""Of ticks."""
_TITLE = 0.26
_NOTE = 0.15
_TICKS = 0.24
_MARK = 0.22


@dataclass(frozen=True)
class Key:
    """What a colour or a mark stands for."""

    text: str
    colour: str
    mark: Literal["area", "interval", "outline", "line", "dashes", "points"] = "area"
    marker: str = "o"


@dataclass(frozen=True)
class Frame:
    """The plot's own height, and the room left, right and above of it. Inches."""

    height: float
    left: float
    right: float = MARGIN
    above: float = 0.0


@dataclass(frozen=True)
class Plot:
    """A figure with one pair of axes, and where these lie. Inches from the lower left corner."""

    figure: Figure
    axes: Axes
    theme: Theme
    left: float
    bottom: float
    width: float
    height: float

    def text(self, x: float, y: float, text: str, **looks: Any) -> None:
        """Drawable text at a place in inches."""
        _text(self.figure, self.theme, x, y, text, **looks)

    def label(self, x: float, y: float, text: str, **looks: Any) -> None:
        """Text beside marks: it stands on the background's colour, so that no line runs through it."""
        paper = {"facecolor": self.theme.background, "edgecolor": "none", "pad": 0.8}
        self.text(x, y, text, bbox=paper, **looks)

    def limit_x(self, low: float, high: float) -> None:
        """What the horizontal axis spans, with ticks that fit."""
        self.axes.set_xlim(low, high)
        self.axes.tick_params(axis="x", colors=self.theme.muted, length=0, labelsize=NORMAL - 0.5)

    def empty(self, text: str = "No figure to show") -> None:
        """Say that there is nothing, in the middle of the plot."""
        self.text(self.left + self.width / 2, self.bottom + self.height / 2, text, ha="center", color=self.theme.muted)


def canvas(
    head: Head, theme: Theme, frame: Frame, *, keys: Sequence[Key] = (), x_axis: str = "", y_axis: str = ""
) -> Plot:
    """A figure that has its words, and axes with their names; the plot itself is still empty."""
    room = WIDTH - 2 * MARGIN
    subtitle = wrap(head.subtitle, room, NORMAL, 2)
    note = wrap(head.note, room, SMALL, 4)
    key_rows = _key_rows(keys, room)
    above = MARGIN + _TITLE + LINE * len(subtitle) + 1.2 * LINE * len(key_rows) + GAP + frame.above
    above += LINE if y_axis else 0
    below = _TICKS + (1.1 * LINE if x_axis else 0) + (_NOTE * len(note) + GAP if note else 0) + MARGIN / 2
    height = above + frame.height + below
    figure = Figure(figsize=(WIDTH, height), facecolor=theme.background)
    plot_width = WIDTH - frame.left - frame.right
    axes = figure.add_axes(
        (frame.left / WIDTH, below / height, plot_width / WIDTH, frame.height / height), facecolor=theme.background
    )
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_axisbelow(True)
    plot = Plot(figure, axes, theme, frame.left, below, plot_width, frame.height)

    top = height - MARGIN
    plot.text(MARGIN, top, fit(head.title, room, LARGE, bold=True), size=LARGE, weight="bold", va="top")
    top -= _TITLE
    for line in subtitle:
        plot.text(MARGIN, top, line, color=theme.muted, va="top")
        top -= LINE
    for row in key_rows:
        _draw_keys(plot, row, top - 0.6 * LINE)
        top -= 1.2 * LINE
    if y_axis:
        plot.text(MARGIN, below + frame.height + frame.above + 0.7 * LINE, fit(y_axis, room), color=theme.muted)
    if x_axis:
        middle = frame.left + plot_width / 2
        plot.text(middle, below - _TICKS - LINE / 2, fit(x_axis, plot_width), color=theme.muted, ha="center")
    for number, line in enumerate(note):
        from_below = MARGIN / 2 + _NOTE * (len(note) - number - 0.5)
        plot.text(MARGIN, from_below, line, color=theme.muted, size=SMALL)
    return plot


def _text(figure: Figure, theme: Theme, x: float, y: float, text: str, **looks: Any) -> None:
    usual: dict[str, Any] = {"color": theme.text, "size": NORMAL, "va": "center", "transform": figure.dpi_scale_trans}
    figure.text(x, y, text, **usual | looks)


def _key_rows(keys: Sequence[Key], room: float) -> list[list[tuple[float, Key]]]:
    """The keys in rows, each with its distance from the left margin, cut so that each fits."""
    rows: list[list[tuple[float, Key]]] = []
    at = room
    for key in keys:
        text = fit(key.text, room / 2 - _MARK - GAP)
        needed = _MARK + GAP + width(text) + 2 * GAP
        if at + needed > room + 2 * GAP or not rows:
            rows.append([])
            at = 0.0
        rows[-1].append((at, Key(text, key.colour, key.mark, key.marker)))
        at += needed + GAP
    return rows


def _draw_keys(plot: Plot, row: Sequence[tuple[float, Key]], y: float) -> None:
    for at, key in row:
        for mark in _marks(key, MARGIN + at, y):
            mark.set_transform(plot.figure.dpi_scale_trans)
            plot.figure.add_artist(mark)
        plot.text(MARGIN + at + _MARK + GAP, y, key.text)


def _marks(key: Key, x: float, y: float) -> Iterator[Line2D | Rectangle]:
    if key.mark == "area":
        yield Rectangle((x + 0.05, y - 0.06), _MARK - 0.1, 0.12, color=key.colour, linewidth=0)
    elif key.mark == "interval":
        yield Rectangle((x + 0.01, y - 0.06), _MARK - 0.02, 0.12, color=key.colour, alpha=0.4, linewidth=0)
        yield Line2D([x + _MARK / 2] * 2, [y - 0.08, y + 0.08], color=key.colour, linewidth=2)
    elif key.mark == "outline":
        yield Rectangle((x + 0.05, y - 0.06), _MARK - 0.1, 0.12, edgecolor=key.colour, facecolor="none", linewidth=1.8)
    elif key.mark == "dashes":
        yield Line2D([x, x + _MARK], [y, y], color=key.colour, linewidth=1.4, linestyle=(0, (4, 2)))
    else:
        if key.mark == "line":
            yield Line2D([x, x + _MARK], [y, y], color=key.colour, linewidth=1.8)
        yield Line2D([x + _MARK / 2], [y], color=key.colour, marker=key.marker, markersize=5.5, linestyle="none")
