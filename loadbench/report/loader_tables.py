"""One table for each loader, in the form of the published MI300X tables."""

from collections.abc import Iterable

from loadbench.analysis.notes import notes
from loadbench.analysis.summary import CaseSummary
from loadbench.report.cells import (
    FIGURES,
    UNSET_MARK,
    UNSET_NOTE,
    Loaders,
    config_cell,
    figure_notes,
    figures,
    loader_text,
    tunable_cell,
    used_throughout,
)
from loadbench.report.knees import Knee, knee_notes
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


def loader_tables(summaries: Iterable[CaseSummary], loaders: Loaders, knees: Iterable[Knee] = ()) -> tuple[Table, ...]:
    """A table for each loader and checkpoint, a row for each case, with or without a figure; its knees below it."""
    groups: dict[tuple[str, str], list[CaseSummary]] = {}
    for summary in summaries:
        groups.setdefault(_group(summary), []).append(summary)
    knees_of: dict[tuple[str, str], list[Knee]] = {}
    for knee in knees:
        knees_of.setdefault(_group(knee.best), []).append(knee)
    return tuple(_loader_table(group, loaders, knees_of.get(key, [])) for key, group in groups.items())


def loader_title(summary: CaseSummary) -> str:
    """The title of the table that has this case."""
    return f"{loader_text(summary)}: {short(summary.case.checkpoint)}"


def _group(summary: CaseSummary) -> tuple[str, str]:
    return summary.case.loader, summary.case.checkpoint


def _loader_table(summaries: list[CaseSummary], loaders: Loaders, knees: Iterable[Knee]) -> Table:
    title = loader_title(summaries[0])
    throughout = used_throughout(summaries, OWN_COLUMN)
    rows = tuple(_row(summary, loaders, tuple(throughout)) for summary in summaries)
    footnotes = figure_notes(summaries)
    if throughout:
        settings = " ".join(f"{short(name)}={value_text(value)}" for name, value in throughout.items())
        footnotes = (*footnotes, f"In effect in every case: {settings}")
    if any(cell.endswith(UNSET_MARK) for row in rows for cell in row):
        footnotes = (UNSET_NOTE, *footnotes)
    return Table(title, _COLUMNS, rows, (*footnotes, *knee_notes(knees, loaders)))


def _row(summary: CaseSummary, loaders: Loaders, throughout: tuple[str, ...]) -> tuple[str, ...]:
    return (
        str(summary.number),
        short(summary.case.loader),
        *(tunable_cell(name, summary, loaders) for name in OWN_COLUMN),
        config_cell(summary, loaders, (*OWN_COLUMN, *throughout)),
        *figures(summary),
        "; ".join(short(note) for note in notes(summary)),
    )
