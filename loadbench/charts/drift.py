"""How the sentinels' times moved over the rounds: where they all move, the machine did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadbench.charts.canvas import ROUND_STEPS, Frame, Key, canvas
from loadbench.charts.chart import Head, listed
from loadbench.charts.text import NORMAL
from loadbench.charts.theme import MARKERS, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 2.6
_LEFT = 0.75
_LEAST = 0.1
"""The axis shows at least so much to either side, so that what is small looks small."""


@dataclass(frozen=True)
class Track:
    """The times of one sentinel, as shares of its median: 0.1 is 10 % slower."""

    name: str
    rounds: Sequence[int]
    values: Sequence[float]
    colour: int = 0


@dataclass(frozen=True)
class Drift:
    """Sentinels over rounds; between plus and minus the limit the machine counts as steady."""

    head: Head
    tracks: Sequence[Track]
    limit: float

    def describe(self) -> str:
        """The tracks in words."""
        return listed(
            "Time of the sentinels over the rounds, beside their medians",
            (
                f"{track.name}: {_percent(min(track.values))} to {_percent(max(track.values))}"
                for track in self.tracks
                if track.values
            ),
        )

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        keys = [
            Key(track.name, theme.colour(track.colour), "line", MARKERS[track.colour % len(MARKERS)])
            for track in self.tracks
        ]
        plot = canvas(
            self.head, theme, Frame(_HEIGHT, _LEFT), keys=keys, x_axis="Round", y_axis="Time beside its median (%)"
        )
        axes = plot.axes
        rounds = [number for track in self.tracks for number in track.rounds]
        most = max([abs(value) for track in self.tracks for value in track.values] + [_LEAST]) * 1.08
        plot.limit_x(min(rounds, default=1) - 0.5, max(rounds, default=1) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        axes.set_ylim(-most, most)
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=ROUND_STEPS))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _percent(value)))
        axes.tick_params(axis="y", colors=theme.muted, length=0, labelsize=NORMAL - 0.5)
        axes.grid(axis="y", color=theme.grid, linewidth=0.8)
        axes.axhspan(-self.limit, self.limit, color=theme.grid, alpha=0.6, linewidth=0)
        axes.axhline(0, color=theme.muted, linewidth=1.0)
        for track in self.tracks:
            axes.plot(
                track.rounds,
                track.values,
                color=theme.colour(track.colour),
                linewidth=1.4,
                marker=MARKERS[track.colour % len(MARKERS)],
                markersize=5.5,
                markeredgecolor=theme.background,
                markeredgewidth=0.6,
                clip_on=False,
                zorder=3,
            )
        if not self.tracks:
            plot.empty()
        return plot.figure


def _percent(share: float) -> str:
    """`+12 %`; a true minus sign, and no sign on zero."""
    value = round(100 * share, 1)
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{abs(value):g} %"
