"""A table of text, before anybody has decided how to draw it."""

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Column:
    """A column and what becomes of it where there is little room.

    stays: always in the table. below: long text, which moves to lines below the table.
    in title: left out, as the table's title says it.
    """

    name: str
    align: Literal["left", "right"] = "left"
    narrow: Literal["stays", "below", "in title"] = "stays"


@dataclass(frozen=True)
class Image:
    """A chart in a file, in two versions. Addresses are relative to the document, as in a link."""

    light: str
    dark: str
    alt: str


@dataclass(frozen=True)
class Block:
    """Lines to be copied as they are, and notes on them. Without lines there are only the notes."""

    title: str
    language: str
    """As Markdown names it: sh, python, json."""
    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows of text. The first column names the row."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    footnotes: tuple[str, ...] = ()
    intro: tuple[str, ...] = ()
    """Sentences between the title and the rows."""
    images: tuple[Image, ...] = ()
    """Charts of what the table says, for formats that show them."""
    blocks: tuple[Block, ...] = ()
    """What follows from the table, to be pasted elsewhere."""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table '{self.title}': {len(row)} cells in a row of {len(self.columns)} columns")


def without_empty_columns(table: Table) -> Table:
    """The table without the columns that have nothing to say in any row."""
    kept = [index for index, _ in enumerate(table.columns) if not table.rows or any(row[index] for row in table.rows)]
    return replace(
        table,
        columns=tuple(table.columns[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
    )
