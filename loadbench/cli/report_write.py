"""The output of `loadbench report` in each of its formats."""

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from loadbench import store
from loadbench.cli.report_charts import Images
from loadbench.published.records import Published
from loadbench.report import machine_readable
from loadbench.report.document import Document, document
from loadbench.report.findings import Findings
from loadbench.report.images import with_images
from loadbench.report.markdown import markdown
from loadbench.report.projection import Projection, projection_document
from loadbench.report.projection_data import projection_csv, projection_json
from loadbench.report.published import published_document
from loadbench.report.published_data import published_csv, published_json
from loadbench.report.terminal import print_documents


def put(output: Path | None, write: Callable[[TextIO], None]) -> None:
    """Write to a file, as a whole, or to the standard output."""
    if output is None:
        write(sys.stdout)
        return
    text = io.StringIO()
    write(text)
    store.replace_file(output, text.getvalue())


def write_runs(runs: Sequence[Findings], over: Sequence[Published], format: str, images: Images, file: TextIO) -> None:
    """Runs, each by itself."""
    if format == "json":
        file.write(machine_readable.as_json(runs))
    elif format == "csv":
        file.write(machine_readable.as_csv(runs))
    elif format == "html":
        from loadbench.cli.report_html import page_of_runs

        file.write(page_of_runs(runs, over))
    else:
        _write([document(findings, over) for findings in runs], format, images, file)


def write_published(files: Sequence[Published], format: str, images: Images, file: TextIO) -> None:
    """Published figures, each source by itself."""
    if format == "json":
        file.write(published_json(files))
    elif format == "csv":
        file.write(published_csv(files))
    elif format == "html":
        from loadbench.cli.report_html import page_of_published

        file.write(page_of_published(files))
    else:
        _write([published_document(published) for published in files], format, images, file)


def write_projection(found: Projection, format: str, file: TextIO) -> None:
    """Cases of several runs side by side."""
    if format == "json":
        file.write(projection_json(found))
    elif format == "csv":
        file.write(projection_csv(found))
    elif format == "html":
        from loadbench.report.html.page import page

        file.write(page([projection_document(found)]))
    else:
        _write([projection_document(found)], format, [()], file)


def _write(documents: Sequence[Document], format: str, images: Images, file: TextIO) -> None:
    """Documents for reading: Markdown shows the charts that were drawn, a terminal cannot."""
    if format == "markdown":
        file.write("\n".join(map(markdown, map(with_images, documents, images))))
    else:
        print_documents(documents, file)
