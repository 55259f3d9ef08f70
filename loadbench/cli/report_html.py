"""The page of `loadbench report --format html`: documents with their charts inside."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from loadbench.published.records import Published
from loadbench.report.document import Document, document
from loadbench.report.findings import Findings
from loadbench.report.html.page import page
from loadbench.report.images import with_images
from loadbench.report.published import published_document

if TYPE_CHECKING:
    from loadbench.charts.chart import NamedChart


def page_of_runs(runs: Sequence[Findings], over: Sequence[Published] = ()) -> str:
    """All runs in one file, beside published sources if there are any."""
    from loadbench.charts.overlay_charts import overlay_charts
    from loadbench.charts.run_charts import run_charts

    charts = [(*run_charts(findings), *overlay_charts(findings, over)) for findings in runs]
    return _page([document(findings, over) for findings in runs], charts)


def page_of_published(files: Sequence[Published]) -> str:
    """All sources in one file."""
    from loadbench.charts.published_charts import published_charts

    return _page([published_document(one) for one in files], [published_charts(one) for one in files])


def _page(documents: "Sequence[Document]", charts: "Sequence[Sequence[NamedChart]]") -> str:
    from loadbench.charts.inline import chosen, inline

    with_charts = []
    for one, all_of_it, kept in zip(documents, charts, chosen(charts), strict=True):
        drawn = with_images(one, [(chart.beside, inline(chart)) for chart in kept])
        left_out = len(all_of_it) - len(kept)
        with_charts.append(_with_note(drawn, left_out, len(all_of_it)) if left_out else drawn)
    return page(with_charts)


def _with_note(document: Document, left_out: int, of: int) -> Document:
    note = f"{left_out} of {of} are left out, so that this page stays quick. All: loadbench report PATH --charts DIR"
    return replace(document, facts=(*document.facts, ("Charts", note)))
