"""The colours of a chart, light and dark. Those of series are of Okabe and Ito: told apart by the colour-blind too."""

from dataclasses import dataclass
from typing import Literal

ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE, BLACK = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#000000",
)  # fmt: skip
OKABE_ITO = (ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE, BLACK)
"""Okabe and Ito, Color Universal Design, 2008: https://jfly.uni-koeln.de/color/."""

MARKERS = ("o", "s", "^", "D", "v", "<", ">")
"""The shape of a series' points, so that nothing hangs on colour alone."""


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`."""

    name: Literal["light", "dark"]
    background: str
    text: str
    muted: str
    grid: str
    grey: str
    """Of what is shown but not compared."""
    series: tuple[str, ...]

    def colour(self, number: int) -> str:
        """The colour of a series. After the last one they begin again."""
        return self.series[number % len(self.series)]


LIGHT = Theme(
    name="light",
    background="#ffffff",
    text="#1f2328",
    muted="#59636e",
    grid="#d8dee4",
    grey="#a7b0b9",
    series=(BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK),
)
DARK = Theme(
    name="dark",
    background="#0d1117",
    text="#f0f6fc",
    muted="#9198a1",
    grid="#2f353d",
    grey="#656d76",
    series=(SKY, ORANGE, GREEN, VERMILION, PURPLE, YELLOW, BLUE),
)
THEMES = (LIGHT, DARK)
"""The backgrounds are those of GitHub's pages."""


def readable_on(colour: str) -> str:
    """Black or white, whichever can be read on the colour better."""
    return "#000000" if luminance(colour) > 0.18 else "#ffffff"


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2: 0 is black, 1 white."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
