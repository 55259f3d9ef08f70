"""Published figures as a document, by the same code as a run's from here on."""

from loadbench.published.records import Published
from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.published_cells import COMPUTED, is_computed, sentence
from loadbench.report.published_facts import common, known
from loadbench.report.published_tables import published_tables
from loadbench.report.text import short

_WHAT = (
    "figures that others published. loadbench did not measure them and proves none of them: what a source does not "
    "say stands here as not stated."
)
_CACHE = (
    "Cache",
    "what the source says: cold, warm, unknown (it does not say, or did not control it), other (the page cache does "
    "not apply). Nothing of it was verified by loadbench.",
)
_COMPARING = (
    "Comparing",
    "two figures are comparable only where clock, cache state and bytes agree. Each row is what its source printed, "
    "outliers and best-of choices included.",
)


def published_document(published: Published) -> Document:
    """The report of one source."""
    return Document(
        title=f"Published: {short(published.title)}",
        warnings=tuple(sentence(warning) for warning in published.warnings),
        facts=(("What this is", _WHAT), *common(known(), published.records)),
        tables=published_tables(published),
        reading=_reading(published),
        commands=tuple(sentence(command) for command in published.commands),
        repeat=(),
    )


def _reading(published: Published) -> tuple[Fact, ...]:
    """The columns and words that this report uses."""
    facts: list[Fact] = []
    if any(record.seconds for record in published.records):
        text = "the time that the source states. What lies inside is told by the clock, and differs by source."
        facts.append(("Elapsed", text))
    if any(record.rate("GB/s") for record in published.records):
        facts.append(
            (
                "GB/s",
                "10⁹ bytes a second. GiB/s: 2³⁰. A source states one of them at most; the other is that of the bytes "
                "it counts and its time, or converted where these are not known.",
            )
        )
    if any(is_computed(record) for record in published.records):
        text = "computed here, where the clock is one of a load, a read or a transfer. It is as sure as the bytes are."
        facts.append((COMPUTED, text))
    return (*facts, _CACHE, _COMPARING)
