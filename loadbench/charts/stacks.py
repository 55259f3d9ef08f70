"""Stacked bars: what a time is made of, such as load and engine start, or the phases of a load."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadbench.charts.canvas import Key, Plot
from loadbench.charts.chart import Head, Reference, listed, number
from loadbench.charts.rows import THICKNESS, Row, draw_rows
from loadbench.charts.text import SMALL, width
from loadbench.charts.theme import Theme, readable_on

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Stack:
    """One bar: the value of each part, in the order of the chart's parts. None: this bar has no such part."""

    name: str
    values: Sequence[float | None]
    text: str = ""
    """The whole as it is to be read; three digits of it where none is given."""
    detail: str = ""
    group: str = ""
    strong: bool = False

    @property
    def whole(self) -> float:
        """The sum of the parts."""
        return sum(value for value in self.values if value)


@dataclass(frozen=True)
class Stacks:
    """Stacked bars from zero."""

    head: Head
    axis: str
    """What is measured, with its unit."""
    parts: Sequence[str]
    stacks: Sequence[Stack]
    unit: str = ""
    references: Sequence[Reference] = ()

    def describe(self) -> str:
        """The stacks in words."""
        return listed(f"Stacked bars of {self.axis}", (self._in_words(stack) for stack in self.stacks))

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        rows = [
            Row(stack.name, stack.whole, self._label(stack), stack.detail, stack.group, stack.strong)
            for stack in self.stacks
        ]
        keys = [Key(part, theme.colour(number)) for number, part in enumerate(self.parts)]
        ground = draw_rows(self.head, theme, rows, axis=self.axis, references=self.references, keys=keys)
        for stack, place in zip(self.stacks, ground.places, strict=True):
            _draw_stack(ground.plot, stack, place)
        return ground.plot.figure

    def _label(self, stack: Stack) -> str:
        return f"{stack.text or number(stack.whole)} {self.unit}".rstrip()

    def _in_words(self, stack: Stack) -> str:
        parts = ", ".join(
            f"{part} {number(value)}" for part, value in zip(self.parts, stack.values, strict=True) if value
        )
        return f"{stack.group} {stack.name} {self._label(stack)} ({parts})".strip()


def _draw_stack(plot: Plot, stack: Stack, place: float) -> None:
    """The parts one after the other, each with its value where there is room in it."""
    start = 0.0
    scale = plot.width / plot.axes.get_xlim()[1]
    for index, value in enumerate(stack.values):
        if not value:
            continue
        colour = plot.theme.colour(index)
        plot.axes.barh(place, value, left=start, height=THICKNESS, color=colour, zorder=2)
        text = number(value)
        if value * scale > width(text, SMALL) * 1.25:
            x = plot.left + (start + value / 2) * scale
            y = plot.bottom + plot.height - place
            plot.text(x, y, text, ha="center", size=SMALL, color=readable_on(colour))
        start += value
