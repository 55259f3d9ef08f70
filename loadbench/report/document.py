"""A report as a document: text and tables in reading order, not yet in any format."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadbench.published.records import Published
from loadbench.report.best_tables import best_tables
from loadbench.report.ceiling_tables import ceiling_tables
from loadbench.report.facts import Fact, commands, head_facts, repeat_facts
from loadbench.report.findings import Findings
from loadbench.report.loader_tables import loader_tables
from loadbench.report.not_counted import not_counted_table
from loadbench.report.overlay_tables import overlay_tables
from loadbench.report.reading import reading
from loadbench.report.tables import Image, Table
from loadbench.report.text import short
from loadbench.report.trial_facts import trial_facts


@dataclass(frozen=True)
class Document:
    """What a report says about one run, or about one source of published figures."""

    title: str
    warnings: tuple[str, ...]
    facts: tuple[Fact, ...]
    tables: tuple[Table, ...]
    reading: tuple[Fact, ...]
    """How to read the tables: a column or word, and what it means."""
    commands: tuple[str, ...]
    """The command lines that made the run."""
    repeat: tuple[Fact, ...]
    images: tuple[Image, ...] = ()
    """Charts that belong to no table."""


def document(findings: Findings, over: Sequence[Published] = ()) -> Document:
    """The report of one run, with its figures beside those of published sources."""
    run = findings.stored.run
    summaries = findings.summaries
    not_counted = not_counted_table(summaries, run.loaders)
    tables = (
        *best_tables(findings.contests, findings.ceilings, run.loaders),
        *ceiling_tables(run, findings.ceiling_rows),
        *loader_tables(summaries, run.loaders, findings.knees),
        *([not_counted] if not_counted else []),
        *overlay_tables(findings, over),
    )
    return Document(
        title=f"loadbench: {short(run.name)}",
        warnings=findings.warnings,
        facts=(*head_facts(run), *trial_facts(findings)),
        tables=tables,
        reading=reading(findings) if summaries else (),
        commands=commands(run),
        repeat=repeat_facts(run),
    )
