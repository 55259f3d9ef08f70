"""Documents as one HTML file that needs no network: style, script and charts lie inside it.

Foreign text cannot become markup: the template engine escapes whatever it is given, and the rows of tables, which are
put together here for speed, are escaped here. Should that ever fail, the page's own policy forbids everything but the
one style and the one script that it came with, by their digests.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from loadbench.report.document import Document
from loadbench.report.tables import Column, Table, without_empty_columns
from loadbench.report.text import count, visible

_POLICY = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; form-action 'none'"
)


def page(documents: Sequence[Document]) -> str:
    """The whole file. The same documents give the same bytes. Charts are shown where their addresses are `data:`."""
    style, script = _source("style.css"), _source("page.js")
    documents = [replace(one, tables=tuple(map(_shown, one.tables))) for one in documents]
    return _template().render(
        policy=_POLICY.format(style=_digest(style), script=_digest(script)),
        style=Markup(style),
        script=Markup(script),
        title=documents[0].title if len(documents) == 1 else f"loadbench: {count(len(documents), 'report')}",
        documents=documents,
    )


def _shown(table: Table) -> Table:
    """The table without columns that its title says, and without those that say nothing."""
    kept = [index for index, column in enumerate(table.columns) if column.narrow != "in title"]
    return without_empty_columns(
        replace(
            table,
            columns=tuple(table.columns[index] for index in kept),
            rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
        )
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("loadbench.report.html", ""),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"rows": _rows, "kind": _kind}
    return environment.get_template("page.html.jinja")


def _finalize(value: object) -> object:
    """Every text that the template is given, with control characters spelled out."""
    return value if isinstance(value, Markup) else visible(str(value))


def _rows(table: Table) -> Markup:
    """The rows of a table. As one text, as a template is slow where there are thousands of them."""
    return Markup("\n").join(Markup(row) for row in _each_row(table))


def _each_row(table: Table) -> Iterator[str]:
    kinds = [f' class="{_kind(column)}"' if _kind(column) else "" for column in table.columns]
    tags = [('th scope="row"', "th"), *[("td", "td")] * (len(kinds) - 1)]
    opened = [f"<{start}{kind}>" for (start, _), kind in zip(tags, kinds, strict=True)]
    closed = [f"</{end}>" for _, end in tags]
    for row in table.rows:
        cells = (f"{start}{escape(visible(cell))}{end}" for start, cell, end in zip(opened, row, closed, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"


def _kind(column: Column) -> str:
    """The class of a column's cells: figures, long text, or neither."""
    if column.align == "right":
        return "figure"
    return "long" if column.narrow == "below" else ""


def _source(name: str) -> str:
    return (files("loadbench.report.html") / name).read_text(encoding="utf-8").strip()


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
