"""Bars, each named and labelled, that may be held against a baseline: time to load, or bandwidth, by loader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from loadbench.charts.chart import Head, Reference, listed, number
from loadbench.charts.rows import THICKNESS, Row, draw_rows
from loadbench.charts.theme import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Bar:
    """One figure."""

    name: str
    value: float | None
    """None: there is no figure, and `text` says why."""
    text: str = ""
    """The value as it is to be read; three digits of it where none is given."""
    colour: int = 0
    detail: str = ""
    group: str = ""
    differs: str = ""
    """Why it can't be compared with the others, such as another clock: it is grey then, and has no speed-up."""

    @property
    def shown(self) -> str:
        """The value as text."""
        return self.text or ("no figure" if self.value is None else number(self.value))


@dataclass(frozen=True)
class Bars:
    """Bars from zero. In each group the bar with the baseline's name is what the others are held against."""

    head: Head
    axis: str
    """What is measured, with its unit."""
    bars: Sequence[Bar]
    unit: str = ""
    """Behind each value, such as s."""
    baseline: str | None = None
    better: Literal["lower", "higher"] = "lower"
    references: Sequence[Reference] = ()

    def describe(self) -> str:
        """The bars in words."""
        return listed(
            f"Bars of {self.axis}",
            (", ".join(part for part in (bar.group, bar.name, self.label(bar)) if part) for bar in self.bars),
        )

    def label(self, bar: Bar) -> str:
        """The text beside a bar: `65 s, 7.5× faster`."""
        if bar.value is None:
            return bar.shown
        value = f"{bar.shown} {self.unit}".rstrip()
        beside = f"differs: {bar.differs}" if bar.differs else self._speed_up(bar)
        return f"{value}, {beside}" if beside else value

    def draw(self, theme: Theme) -> "Figure":
        """The figure."""
        rows = [Row(bar.name, bar.value or 0.0, self.label(bar), bar.detail, bar.group) for bar in self.bars]
        ground = draw_rows(self.head, theme, rows, axis=self.axis, references=self.references)
        for bar, place in zip(self.bars, ground.places, strict=True):
            colour = theme.grey if bar.differs else theme.colour(bar.colour)
            ground.plot.axes.barh(place, bar.value or 0.0, height=THICKNESS, color=colour, zorder=2)
        return ground.plot.figure

    def _speed_up(self, bar: Bar) -> str:
        """How much faster or slower than the baseline of its group."""
        of_group = (one for one in self.bars if one.group == bar.group and one.name == self.baseline)
        base = next((one for one in of_group if one.value and not one.differs), None)
        if base is None or not base.value or not bar.value:
            return ""
        if base is bar:
            return "baseline"
        ratio = base.value / bar.value if self.better == "lower" else bar.value / base.value
        return f"{_times(ratio)}× faster" if ratio >= 1 else f"{_times(1 / ratio)}× slower"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}" if ratio < 100 else f"{ratio:.0f}"
