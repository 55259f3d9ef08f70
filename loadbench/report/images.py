"""Where the charts of a report stand in its document."""

from collections.abc import Iterable
from dataclasses import replace

from loadbench.report.document import Document
from loadbench.report.tables import Image


def with_images(document: Document, images: Iterable[tuple[str, Image]]) -> Document:
    """The document with each image in the first table of the title that it comes with, or behind the tables."""
    waiting: dict[str, list[Image]] = {}
    for title, image in images:
        waiting.setdefault(title, []).append(image)
    tables = tuple(replace(table, images=tuple(waiting.pop(table.title, []))) for table in document.tables)
    return replace(document, tables=tables, images=tuple(image for found in waiting.values() for image in found))
