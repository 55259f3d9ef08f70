"""All raw points of each row, with the median and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadbench.charts.canvas import Key
from loadbench.charts.chart import Head, Reference, listed
from loadbench.charts.rows import THICKNESS, Row, draw_rows
from loadbench.charts.theme import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GOLDEN = 0.618


@dataclass(frozen=True)
class Samples:
    """One row."""

    name: str
    values: Sequence[float]
    median: float
    interval: tuple[float, float] | None = None
    """None where there are too few values for one."""
    text: str = ""
    """What to read behind the points."""
    detail: str = ""
    colour: int = 0
    strong: bool = False
    """Whether its name stands out."""
    aside: bool = False
    """Whether it is grey, as a ceiling is, which is no contestant."""


@dataclass(frozen=True)
class Strip:
    """Rows of points on an axis from zero."""

    head: Head
    axis: str
    """What is measured, with its unit."""
    rows: Sequence[Samples]
    references: Sequence[Reference] = ()

    def describe(self) -> str:
        """The rows in words."""
        return listed(f"All points of {self.axis}", (f"{row.name}: {row.text or row.median}" for row in self.rows))

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        ends = [max(row.values, default=row.median) for row in self.rows]
        rows = [
            Row(row.name, end, row.text, row.detail, strong=row.strong)
            for row, end in zip(self.rows, ends, strict=True)
        ]
        keys = [Key("one trial", theme.muted, "points")]
        if any(row.interval for row in self.rows):
            keys.append(Key("median with its 95 % interval", theme.muted, "interval"))
        ground = draw_rows(self.head, theme, rows, axis=self.axis, references=self.references, keys=keys)
        axes = ground.plot.axes
        for row, place in zip(self.rows, ground.places, strict=True):
            colour = theme.grey if row.aside else theme.colour(row.colour)
            if row.interval:
                low, high = row.interval
                axes.barh(place, high - low, left=low, height=THICKNESS, color=colour, alpha=0.3, zorder=2)
            axes.plot(
                row.values,
                [place + _scattered(number) for number in range(len(row.values))],
                linestyle="none",
                marker="o",
                markersize=4.5,
                markerfacecolor=colour,
                markeredgecolor=theme.background,
                markeredgewidth=0.6,
                zorder=3,
                clip_on=False,
            )
            half = THICKNESS / 2 + 0.02
            axes.plot([row.median] * 2, [place - half, place + half], color=theme.text, linewidth=2, zorder=2.5)
        return ground.plot.figure


def _scattered(number: int) -> float:
    """How far a point lies off the middle of its row: spread evenly, and the same in every drawing."""
    return ((number * _GOLDEN + 0.5) % 1 - 0.5) * THICKNESS * 0.7
