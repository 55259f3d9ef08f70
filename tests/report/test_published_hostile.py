"""Names in files of published figures are as untrusted as those in results, in every format."""

import csv
import io
import json
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from loadbench.published.records import Published
from loadbench.report.markdown import markdown
from loadbench.report.published import published_document
from loadbench.report.published_data import published_csv, published_json
from loadbench.report.terminal import print_document
from tests.published.figures import checked, figure
from tests.report.test_hostile_text import for_any_text

TEXTS = (
    "label", "source", "url", "date", "hardware", "gpu", "model", "bytes_basis", "loader", "storage", "cache_state",
    "clock_includes", "statistic", "spread", "printed", "remark",
)  # fmt: skip


def hostile(name: str) -> Published:
    """A file with the name in every text: once the same in all rows, once in one row only."""
    texts: dict[str, Any] = dict.fromkeys(TEXTS, name)
    unit = {"value": 1, "unit": "GB/s", "unit_as_printed": name}
    everything = texts | {"versions": {name: name}, "settings": {name: name}, "notes": [name], "bandwidth": unit}
    general = {"title": name, "rows": ["a", "b"], "notes": [name]}
    own = {"title": name, "rows": ["c"], "columns": [{"name": name, "shows": f"settings.x{name.strip()}"}]}
    return checked(
        figure("a", **everything),
        figure("b"),
        figure("c", **everything | {"settings": {f"x{name.strip()}": name}}),
        name=name, title=name, warnings=[name], commands=[f"loadbench {name}"], tables=[general, own],
    )  # fmt: skip


@pytest.mark.parametrize("width", [40, 80, 200])
@for_any_text
def test_terminal_output_has_no_control_character_of_theirs(width: int, name: str) -> None:
    file = io.StringIO()
    print_document(published_document(hostile(name)), Console(file=file, width=width))
    assert all(char.isprintable() for line in file.getvalue().split("\n") for char in line)


@for_any_text
def test_markdown_has_no_markup_of_theirs(name: str) -> None:
    source = markdown(published_document(hostile(name)))
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(source)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "em_open", "s_open"}
    assert sum(token.type == "heading_open" for token in tokens) == 5
    assert sum(token.type == "fence" for token in tokens) == 1
    assert sum(token.type == "table_open" for token in tokens) == 2
    assert sum(token.type == "tr_open" for token in tokens) == 5


@for_any_text
def test_json_holds_the_name_as_it_is_in_ascii(name: str) -> None:
    printed = published_json([hostile(name)])
    assert printed.isascii()
    (file,) = json.loads(printed)["published"]
    assert (file["title"], file["records"][0]["loader"]) == (name, name)


@for_any_text
def test_csv_has_the_same_cells_in_every_row_and_none_is_a_formula(name: str) -> None:
    rows = list(csv.reader(io.StringIO(published_csv([hostile(name)]), newline=""), strict=True))
    assert [len(row) for row in rows] == [len(rows[0])] * 4
    assert all(char.isprintable() for row in rows for cell in row for char in cell)
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_long_texts_are_cut_with_a_word() -> None:
    source = markdown(published_document(hostile("x" * 10_000)))
    assert "x" * 1001 not in source.replace("loadbench " + "x" * 990, "")
    assert "… (10000 characters)" in source
