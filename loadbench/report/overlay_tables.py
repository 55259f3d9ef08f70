"""Our measurements beside published ones: a table for each source."""

from collections.abc import Iterable, Sequence

from loadbench.published.overlay import Pair, pairs
from loadbench.published.records import Published
from loadbench.report.cells import set_tunables
from loadbench.report.findings import Findings
from loadbench.report.published_cells import stated
from loadbench.report.tables import Column, Table
from loadbench.report.text import NO_FIGURE, count, seconds, short

_COLUMNS = (
    Column("Source #", "right"),
    Column("Loader"),
    Column("Settings"),
    Column("Published (s)", "right"),
    Column("Here (s)", "right"),
    Column("Cache"),
    Column("n", "right"),
    Column("Published ÷ here", "right"),
    Column("Differs", narrow="below"),
)
_FOREIGN = "The machines are not the same in any case. Published: as the source has it, not measured by loadbench."
_UNLIKE = (
    "A ratio stands only where clock, cache state and bytes agree. What a source does not state counts as different."
)


def overlay_tables(findings: Findings, sources: Iterable[Published]) -> tuple[Table, ...]:
    """One table for each source, also where it has nothing that was measured here."""
    return tuple(_table(findings, source) for source in sources)


def overlay_title(source: Published) -> str:
    """The title of a source's table."""
    return f"Beside published figures: {short(source.title)}"


def _table(findings: Findings, source: Published) -> Table:
    found = pairs(source.records, findings.summaries)
    left_out = len(source.records) - len(found)
    return Table(
        overlay_title(source),
        _COLUMNS,
        tuple(_row(number, pair, findings) for number, pair in enumerate(found, 1)),
        footnotes=tuple(_footnotes(found, left_out)),
    )


def _footnotes(found: Sequence[Pair], left_out: int) -> Iterable[str]:
    if found:
        yield _FOREIGN
    if any(pair.differences for pair in found):
        yield _UNLIKE
    if left_out:
        yield f"{count(left_out, 'published figure')} without a case of the same loader and settings in this run."


def _row(number: int, pair: Pair, findings: Findings) -> tuple[str, ...]:
    case = pair.summary.case
    return (
        short(pair.figure.label) or str(number),
        short(pair.figure.loader),
        set_tunables(case, findings.stored.run.loaders) or "default",
        stated(pair.seconds),
        seconds(pair.measured.median_ns),
        case.cache,
        str(pair.measured.n),
        NO_FIGURE if pair.times is None else f"{pair.times:.2f}",
        "; ".join(difference.text for difference in pair.differences),
    )
