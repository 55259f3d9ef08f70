"""Reports of a few records, and what stands in their tables."""

from loadbench.records import Ceiling, Record
from loadbench.report.document import Document, document
from loadbench.report.findings import find
from loadbench.report.tables import Table
from tests.builders import run, stored


def report(*groups: list[Record], ceilings: list[Ceiling] | None = None, rounds: int = 6) -> Document:
    records = [record for group in groups for record in group]
    cases = list({record.case.name: record.case for record in records}.values())
    return document(find(stored(run(cases, rounds, ceilings=ceilings or []), records)))


def table(of: Document, title: str) -> Table:
    return next(table for table in of.tables if table.title.startswith(title))


def column(of: Table, name: str) -> list[str]:
    place = [column.name for column in of.columns].index(name)
    return [row[place] for row in of.rows]
