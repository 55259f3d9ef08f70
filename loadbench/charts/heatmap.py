"""A time for every pair of two settings, as coloured cells; those that can't be told from the fastest are outlined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.colors import Colormap, to_hex
from matplotlib.patches import Rectangle

from loadbench.charts.canvas import GAP, LINE, MARGIN, WIDTH, Frame, Key, Plot, canvas
from loadbench.charts.chart import Head, listed, number
from loadbench.charts.text import SMALL, fit, width
from loadbench.charts.theme import Theme, readable_on

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL = 0.42
_BETWEEN = 0.035
"""Half of the background between two cells, in which the outline lies. Inches."""
_WIDEST_CELL = 1.3
_SCALE_STEPS = 40
_RIGHT = 1.0


@dataclass(frozen=True)
class Cell:
    """One figure."""

    value: float
    text: str = ""
    top: bool = False
    """Whether it is in the top set."""


@dataclass(frozen=True)
class HeatMap:
    """Cells in rows from the top; a None was not measured. Colours are of cividis, which the colour-blind see alike."""

    head: Head
    x_axis: str
    y_axis: str
    value: str
    """What is measured, with its unit."""
    columns: Sequence[str]
    rows: Sequence[str]
    cells: Sequence[Sequence[Cell | None]]

    def describe(self) -> str:
        """The cells in words."""
        return listed(
            f"{self.value} over {self.x_axis} and {self.y_axis}, outlined is the top set",
            (
                f"{row}, {column}: {cell.text or number(cell.value)}{' (outlined)' if cell.top else ''}"
                for row, cells in zip(self.rows, self.cells, strict=True)
                for column, cell in zip(self.columns, cells, strict=True)
                if cell
            ),
        )

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        left = MARGIN + max((width(fit(row, 1.5)) for row in self.rows), default=0.5) + GAP
        columns = max(1, len(self.columns))
        cell_width = min(_WIDEST_CELL, (WIDTH - left - _RIGHT - MARGIN) / columns)
        right = WIDTH - left - cell_width * columns
        frame = Frame(_CELL * max(1, len(self.rows)), left, right)
        known = [cell for row in self.cells for cell in row if cell]
        keys = [Key("not told apart from the fastest", theme.text, "outline")] if any(one.top for one in known) else []
        plot = canvas(self.head, theme, frame, keys=keys, x_axis=self.x_axis, y_axis=self.y_axis)
        plot.axes.set_axis_off()
        plot.axes.set_xlim(0, cell_width * columns)
        plot.axes.set_ylim(frame.height, 0)
        low = min((cell.value for cell in known), default=0.0)
        high = max((cell.value for cell in known), default=1.0)
        for number_of_row, row in enumerate(self.cells):
            for number_of_column, cell in enumerate(row):
                corner = (number_of_column * cell_width, number_of_row * _CELL)
                _draw_cell(plot, cell, corner, cell_width, _share(cell.value, low, high) if cell else 0.0)
        self._draw_names(plot, cell_width)
        if known:
            _draw_scale(plot, low, high, self.value)
        else:
            plot.empty()
        return plot.figure

    def _draw_names(self, plot: Plot, cell_width: float) -> None:
        for place, row in enumerate(self.rows):
            y = plot.bottom + plot.height - (place + 0.5) * _CELL
            plot.text(plot.left - GAP, y, fit(row, 1.5), ha="right")
        for place, column in enumerate(self.columns):
            x = plot.left + (place + 0.5) * cell_width
            plot.text(x, plot.bottom - 0.7 * LINE, fit(column, cell_width - 0.04), ha="center")


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.0


def _colours() -> Colormap:
    """Small values, the fast ones, are bright."""
    return matplotlib.colormaps["cividis_r"]


def _draw_cell(plot: Plot, cell: Cell | None, corner: tuple[float, float], cell_width: float, share: float) -> None:
    x, y = corner[0] + _BETWEEN, corner[1] + _BETWEEN
    size = (cell_width - 2 * _BETWEEN, _CELL - 2 * _BETWEEN)
    middle = (plot.left + corner[0] + cell_width / 2, plot.bottom + plot.height - corner[1] - _CELL / 2)
    if cell is None:
        plot.axes.add_artist(Rectangle((x, y), *size, facecolor="none", edgecolor=plot.theme.grid, linewidth=1))
        plot.text(*middle, "–", ha="center", color=plot.theme.muted)
        return
    colour = to_hex(_colours()(share))
    plot.axes.add_artist(Rectangle((x, y), *size, facecolor=colour, linewidth=0))
    text = fit(cell.text or number(cell.value), cell_width - 4 * _BETWEEN)
    plot.text(*middle, text, ha="center", color=readable_on(colour), weight="bold" if cell.top else "normal")
    if cell.top:
        plot.axes.add_artist(
            Rectangle((x, y), *size, facecolor="none", edgecolor=plot.theme.text, linewidth=2.2, clip_on=False)
        )


def _draw_scale(plot: Plot, low: float, high: float, name: str) -> None:
    """What the colours mean, right of the cells: a column from the largest value down to the smallest."""
    x, height = plot.left + plot.width + 2 * GAP, max(plot.height - 2 * _BETWEEN, 0.4)
    bottom = plot.bottom + _BETWEEN
    steps = _SCALE_STEPS if high > low else 1
    for step in range(steps):
        colour = to_hex(_colours()(step / max(1, steps - 1)))
        patch = Rectangle((x, bottom + height * step / steps), 0.14, height / steps, color=colour, linewidth=0.4)
        patch.set_transform(plot.figure.dpi_scale_trans)
        plot.figure.add_artist(patch)
    room = WIDTH - x - 0.14 - GAP - MARGIN / 2
    ends = ((low, bottom + 0.06), (high, bottom + height - 0.06)) if high > low else ((low, bottom + height / 2),)
    for value, y in ends:
        plot.text(x + 0.14 + GAP, y, fit(number(value), room, SMALL), size=SMALL, color=plot.theme.muted)
    # Above the column, and no wider than what is right of it.
    plot.text(x, bottom + height + 0.11, fit(name, WIDTH - x - MARGIN / 2, SMALL), size=SMALL, color=plot.theme.muted)
