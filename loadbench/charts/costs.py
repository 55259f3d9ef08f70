"""Load time over size, as a cost model fits it: a fixed cost, then so many seconds a gigabyte."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from loadbench.charts.canvas import Frame, Key, canvas
from loadbench.charts.chart import Head, listed
from loadbench.charts.text import NORMAL
from loadbench.charts.theme import MARKERS, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 3.4
_LEFT = 0.75
_STEPS = 60


@dataclass(frozen=True)
class Cost:
    """One loader: its line, and what was measured, as (GB, s)."""

    name: str
    fixed_s: float
    seconds_per_gb: float
    measured: Sequence[tuple[float, float]]
    colour: int = 0

    def seconds(self, gigabytes: float) -> float:
        """The time on the line."""
        return self.fixed_s + self.seconds_per_gb * gigabytes


@dataclass(frozen=True)
class Costs:
    """Lines on two logarithmic axes: flat where the fixed cost rules, rising where the bytes do."""

    head: Head
    costs: Sequence[Cost]

    def describe(self) -> str:
        """The lines in words."""
        return listed("Load time (s) over size (GB)", (f"{cost.name}: {_formula(cost)}" for cost in self.costs))

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        keys = [
            Key(
                f"{cost.name}: {_formula(cost)}", theme.colour(cost.colour), "line", MARKERS[cost.colour % len(MARKERS)]
            )
            for cost in self.costs
        ]
        plot = canvas(
            self.head,
            theme,
            Frame(_HEIGHT, _LEFT),
            keys=keys,
            x_axis="Bytes of the tensors (GB), logarithmic",
            y_axis="Time to load (s), logarithmic",
        )
        axes = plot.axes
        sizes = [size for cost in self.costs for size, _ in cost.measured if size > 0]
        if not sizes:
            axes.set_axis_off()
            plot.empty()
            return plot.figure
        low, high = min(sizes) / 1.3, max(sizes) * 1.3
        axes.set_xscale("log")
        axes.set_yscale("log")
        plot.limit_x(low, high)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_locator(NullLocator())
        axes.tick_params(axis="both", colors=theme.muted, length=0, labelsize=NORMAL - 0.5)
        axes.grid(color=theme.grid, linewidth=0.8)
        along = [low * (high / low) ** (step / _STEPS) for step in range(_STEPS + 1)]
        for cost in self.costs:
            colour = theme.colour(cost.colour)
            axes.plot(along, [cost.seconds(size) for size in along], color=colour, linewidth=1.8)
            axes.plot(
                [size for size, _ in cost.measured],
                [seconds for _, seconds in cost.measured],
                linestyle="none",
                marker=MARKERS[cost.colour % len(MARKERS)],
                markersize=6,
                color=colour,
                markeredgecolor=theme.background,
                markeredgewidth=0.7,
            )
        return plot.figure


def _formula(cost: Cost) -> str:
    """`0.05 s + 2.3 GB/s`: what is paid once, and the rate of the rest."""
    rate = f"{1 / cost.seconds_per_gb:.3g} GB/s" if cost.seconds_per_gb else "no cost per byte"
    return f"{cost.fixed_s:.2g} s + {rate}"
