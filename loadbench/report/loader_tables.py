"""One table for each loader, in the form of the published MI300X tables; then what is not counted."""

from collections.abc import Iterable

from loadbench.analysis.notes import notes
from loadbench.analysis.summary import CaseSummary
from loadbench.report.cells import (
    FIGURES,
    UNSET_MARK,
    UNSET_NOTE,
    Loaders,
    case_text,
    config_cell,
    figure_notes,
    figures,
    loader_text,
    tunable_cell,
    used_throughout,
)
from loadbench.report.tables import Column, Table
from loadbench.report.text import short, value_text

OWN_COLUMN = ("threads", "buffer")
"""Tunables that have a column of their own, as in the published tables; the others share Config."""

_COLUMNS = (
    Column("Test #", "right"),
    Column("Method", narrow="in title"),
    Column("Threads", "right"),
    Column("Buffer", "right"),
    Column("Config", narrow="below"),
    *FIGURES,
    Column("Notes", narrow="below"),
)
_NOT_COUNTED = (
    Column("Test #", "right"),
    Column("Status"),
    Column("Trials", "right"),
    Column("Of them repeated", "right"),
    Column("Case", narrow="below"),
    Column("Reason", narrow="below"),
)


def loader_tables(summaries: Iterable[CaseSummary], loaders: Loaders) -> tuple[Table, ...]:
    """A table for each loader and checkpoint, a row for each case, with or without a figure."""
    groups: dict[tuple[str, str], list[CaseSummary]] = {}
    for summary in summaries:
        groups.setdefault((summary.case.loader, summary.case.checkpoint), []).append(summary)
    return tuple(_loader_table(group, loaders) for group in groups.values())


def _loader_table(summaries: list[CaseSummary], loaders: Loaders) -> Table:
    title = f"{loader_text(summaries[0])}: {short(summaries[0].case.checkpoint)}"
    throughout = used_throughout(summaries, OWN_COLUMN)
    rows = tuple(_row(summary, loaders, tuple(throughout)) for summary in summaries)
    footnotes = figure_notes(summaries)
    if throughout:
        settings = " ".join(f"{short(name)}={value_text(value)}" for name, value in throughout.items())
        footnotes = (*footnotes, f"In effect in every case: {settings}")
    if any(cell.endswith(UNSET_MARK) for row in rows for cell in row):
        footnotes = (UNSET_NOTE, *footnotes)
    return Table(title, _COLUMNS, rows, footnotes)


def _row(summary: CaseSummary, loaders: Loaders, throughout: tuple[str, ...]) -> tuple[str, ...]:
    return (
        str(summary.number),
        short(summary.case.loader),
        *(tunable_cell(name, summary, loaders) for name in OWN_COLUMN),
        config_cell(summary, loaders, (*OWN_COLUMN, *throughout)),
        *figures(summary),
        "; ".join(short(note) for note in notes(summary)),
    )


def not_counted_table(summaries: Iterable[CaseSummary], loaders: Loaders) -> Table | None:
    """Every trial whose time does not count, by case, status and reason; None if all count."""
    rows = tuple(
        (
            str(summary.number),
            outcome.status,
            str(outcome.count),
            str(outcome.repeated),
            case_text(summary.case, loaders),
            short(outcome.reason),
        )
        for summary in summaries
        for outcome in summary.outcomes
    )
    note = "Of them repeated: tried again in the same round with success, so that the round lacks nothing."
    return Table("Not counted", _NOT_COUNTED, rows, (note,)) if rows else None
