"""Charts as files: each as SVG and PNG, light and dark, under a name that is safe wherever it comes from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadbench.charts.chart import NamedChart
from loadbench.charts.render import render
from loadbench.charts.theme import THEMES
from loadbench.report.text import short, visible
from loadbench.store import make_directory, replace_file

_LONGEST = 60


@dataclass(frozen=True)
class ChartFile:
    """A chart that was written. `stem` is the path without `-light.svg` and the like."""

    stem: Path
    alt: str
    beside: str

    def path(self, theme: str, ending: str = "svg") -> Path:
        """One of its files."""
        return self.stem.with_name(f"{self.stem.name}-{theme}.{ending}")


def write_charts(charts: Sequence[NamedChart], directory: Path) -> tuple[ChartFile, ...]:
    """Write all charts of a run. Numbers keep the files in order, and apart."""
    make_directory(directory)
    return tuple(_write(one, directory / f"{number:02}-{slug(one.name)}") for number, one in enumerate(charts, 1))


def slug(name: str) -> str:
    """Small letters, digits and hyphens of a name, no more than 60; `chart` where it has none."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:_LONGEST].strip("-") or "chart"


def _write(one: NamedChart, stem: Path) -> ChartFile:
    written = ChartFile(stem, visible(f"{short(one.chart.head.title)}. {one.chart.describe()}"), one.beside)
    for theme in THEMES:
        rendered = render(one.chart, theme)
        replace_file(written.path(theme.name, "svg"), rendered.svg)
        replace_file(written.path(theme.name, "png"), rendered.png)
    return written
