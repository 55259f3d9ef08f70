"""The tables of published figures: as their source has them, or the general ones."""

from collections.abc import Mapping, Sequence

from loadbench.published.layout import PublishedColumn, PublishedTable
from loadbench.published.records import Published, PublishedFigure
from loadbench.report.published_cells import COMPUTED_NOTE, cell, is_computed, notes_cell, sentence
from loadbench.report.published_facts import Known, common, differing, known
from loadbench.report.tables import Column, Table
from loadbench.report.text import NO_FIGURE, short

_NUMBER = PublishedColumn(name="Row #", shows="label")
_GENERAL = (
    _NUMBER,
    PublishedColumn(name="Loader", shows="loader"),
    PublishedColumn(name="Elapsed (s)", shows="seconds"),
    PublishedColumn(name="GB/s", shows="GB/s"),
    PublishedColumn(name="GiB/s", shows="GiB/s"),
    PublishedColumn(name="Cache", shows="cache"),
)
_FIGURES = ("seconds", "GB/s", "GiB/s")
_LONG = ("remark",)


def published_tables(published: Published) -> tuple[Table, ...]:
    """All tables of a file."""
    figures = published.by_id
    numbers = {name: number for number, name in enumerate(figures, 1)}
    everywhere = {label for label, _ in common(known(), published.records)}
    return tuple(
        _table(table, [figures[name] for name in table.rows], numbers, everywhere) for table in published.tables
    )


def _table(
    table: PublishedTable, figures: Sequence[PublishedFigure], numbers: Mapping[str, int], everywhere: set[str]
) -> Table:
    columns = _columns(table, figures)
    shown = {column.shows for column in columns}
    facts = [fact for fact in known(shown) if fact.label not in everywhere and fact.shown_as not in shown]
    varying = differing(facts, figures)
    here = [(label, text) for label, text in common(facts, figures) if label not in everywhere]
    notes = any(figure.notes for figure in figures)
    rows = tuple(_cells(columns, varying, figure, numbers[figure.id], notes) for figure in figures)
    return Table(
        title=short(table.title),
        columns=(
            *(_column(column) for column in columns),
            *(Column(fact.label, narrow="below") for fact in varying),
            *([Column("Notes", narrow="below")] if notes else []),
        ),
        rows=rows,
        footnotes=(
            *(sentence(note) for note in table.notes),
            *([COMPUTED_NOTE] if any(is_computed(figure) for figure in figures) else []),
        ),
        intro=(" · ".join(f"{label}: {text}" for label, text in here),) if here else (),
    )


def _columns(table: PublishedTable, figures: Sequence[PublishedFigure]) -> list[PublishedColumn]:
    """The table's own columns behind a number for each row, or the general ones that have anything to show."""
    if table.columns:
        numbered = any(column.shows == "label" for column in table.columns)
        return [*([] if numbered else [_NUMBER]), *table.columns]
    return [
        column
        for column in _GENERAL
        if column.shows not in _FIGURES or any(cell(column, figure, 0) != NO_FIGURE for figure in figures)
    ]


def _column(column: PublishedColumn) -> Column:
    align = column.shows in ("label", *_FIGURES)
    return Column(short(column.name), "right" if align else "left", "below" if column.shows in _LONG else "stays")


def _cells(
    columns: Sequence[PublishedColumn], varying: Sequence[Known], figure: PublishedFigure, number: int, notes: bool
) -> tuple[str, ...]:
    return (
        *(cell(column, figure, number) for column in columns),
        *(sentence(fact.text(figure)) for fact in varying),
        *([notes_cell(figure)] if notes else []),
    )
