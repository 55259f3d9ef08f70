"""The charts of `loadbench report --charts`, and the links to them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from loadbench.published.records import Published
from loadbench.report.findings import Findings
from loadbench.report.tables import Image

if TYPE_CHECKING:
    from loadbench.charts.chart import NamedChart

Images = Sequence[Sequence[tuple[str, Image]]]
"""For each document its charts, each with the title of the table that it belongs to."""


def charts_of_runs(
    runs: Sequence[Findings], over: Sequence[Published], directory: Path | None, beside: Path | None
) -> Images:
    """Draw the charts of runs, if there is a directory for them.

    Links are relative to the file that they will stand in, or to the working directory.
    """
    if directory is None:
        return [()] * len(runs)
    from loadbench.charts.overlay_charts import overlay_charts
    from loadbench.charts.run_charts import run_charts

    drawn = [(*run_charts(findings), *overlay_charts(findings, over)) for findings in runs]
    return draw(list(zip((findings.stored.run.name for findings in runs), drawn, strict=True)), directory, beside)


def charts_of_published(files: Sequence[Published], directory: Path | None, beside: Path | None) -> Images:
    """Draw the charts of published figures, likewise."""
    if directory is None:
        return [()] * len(files)
    from loadbench.charts.published_charts import published_charts

    return draw([(published.name, published_charts(published)) for published in files], directory, beside)


def draw(sources: "Sequence[tuple[str, Sequence[NamedChart]]]", directory: Path, beside: Path | None) -> Images:
    """Draw the charts of several sources. One source's charts lie in the directory, those of several below it."""
    from loadbench.charts.files import slug, write_charts

    start = beside.parent if beside else Path()
    images = []
    for number, (name, charts) in enumerate(sources, 1):
        own = directory if len(sources) == 1 else directory / f"{number:02}-{slug(name)}"
        written = write_charts(charts, own)
        images.append(
            [
                (chart.beside, Image(_link(chart.path("light"), start), _link(chart.path("dark"), start), chart.alt))
                for chart in written
            ]
        )
    return images


def _link(file: Path, start: Path) -> str:
    return quote(Path(os.path.relpath(file, start)).as_posix())
