"""What every chart has, whatever its form."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from loadbench.charts.theme import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST = 600


@dataclass(frozen=True)
class Head:
    """The words around a chart."""

    title: str
    subtitle: str = ""
    note: str = ""
    """How to read it and what to doubt, below the chart."""


@dataclass(frozen=True)
class Reference:
    """A value drawn as a line across the chart, such as a ceiling."""

    value: float
    text: str


class Chart(Protocol):
    """A form with its content."""

    @property
    def head(self) -> Head:
        """The words around it."""

    def describe(self) -> str:
        """What the chart shows, in words, for those who cannot see it."""

    def draw(self, theme: Theme) -> "Figure":
        """The figure, in the style that `render` sets."""


@dataclass(frozen=True)
class NamedChart:
    """A chart, what its files are called, and the title of the table that it belongs to; empty for none."""

    name: str
    chart: Chart
    beside: str = ""


def listed(kind: str, items: Iterable[str]) -> str:
    """A description: the kind of chart and what is in it."""
    text = f"{kind}: {'; '.join(items) or 'no figure'}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def number(value: float) -> str:
    """A value to three digits: `48.0` for 47.99, but `65` for 65."""
    if value == round(value) and abs(value) < 1000:
        return f"{value:.0f}"
    if 0.001 <= abs(value) < 1000:
        return f"{value:#.3g}".rstrip(".")
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2g}"
