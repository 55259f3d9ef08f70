"""The charts of `loadbench report --charts`, and the links to them."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from loadbench.report.findings import Findings
from loadbench.report.tables import Image

Images = Mapping[Path, Sequence[tuple[str, Image]]]
"""For each run its charts, each with the title of the table that it belongs to."""


def draw_charts(runs: Sequence[Findings], directory: Path, beside: Path | None) -> Images:
    """Draw the charts of a run into the directory, or of several into one below it for each.

    Links are relative to the file that they will stand in, or to the working directory.
    """
    from loadbench.charts.files import slug, write_charts
    from loadbench.charts.run_charts import run_charts

    start = beside.parent if beside else Path()
    images = {}
    for number, findings in enumerate(runs, 1):
        own = directory if len(runs) == 1 else directory / f"{number:02}-{slug(findings.stored.run.name)}"
        images[findings.stored.path] = [
            (chart.beside, Image(_link(chart.path("light"), start), _link(chart.path("dark"), start), chart.alt))
            for chart in write_charts(run_charts(findings), own)
        ]
    return images


def _link(file: Path, start: Path) -> str:
    return quote(Path(os.path.relpath(file, start)).as_posix())
