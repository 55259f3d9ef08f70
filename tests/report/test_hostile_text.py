"""Names and reasons in results are untrusted: they must stay text in every format."""

import csv
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from loadbench.report import machine_readable
from loadbench.report.document import document
from loadbench.report.findings import Findings, find
from loadbench.report.html.page import page
from loadbench.report.markdown import markdown
from loadbench.report.terminal import print_document
from loadbench.report.text import LONGEST, short, visible
from tests.builders import bad, case, loader_info, ok, run, stored

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\x1b[31mred\x1b]0;title\x07\x1b[2J",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "x" * 10_000,
    "|" * 10_000,
    "\u202egpj.exe",
    "שלום עולם",
    "a|b`c\nd\r\n# heading\n\n- item",
    "[red]rich markup[/red] :smile:",
    "![image](http://example.com/x.png) [link](javascript:alert(1))",
    "*bold* _em_ __strong__ ~~gone~~ $x$ &lt;b&gt; \\| \\",
    "```\n</code>",
    "",
    " ",
    "'\"; --",
]


def for_any_text(test: Callable[..., None]) -> Callable[..., None]:
    """Run the test for each hostile name above, and for what hypothesis thinks of."""
    for name in HOSTILE:
        test = example(name=name)(test)
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    return settings(max_examples=25, deadline=None)(given(name=anything)(test))


def hostile(name: str) -> Findings:
    """A run with the name in every free text."""
    trouble = case(name, checkpoint=name, device=name, dtype=name, tunables={name: name, "threads": name})
    plain = case()
    base = run([trouble, plain], name=name, loaders={name: loader_info(v=name)})
    session = base.sessions[0].model_copy(
        update={
            "command": ["loadbench", name],
            "started_at": name,
            "environment": {name: name, "host.name": name, "git.commit": name, f"storage.{name}.file_system": name},
        }
    )
    records = [
        ok(trouble, 1, 5, path=(name, name), settings={name: name, "used": name}),
        ok(plain, 1, 5),
        bad(trouble, 2, "failed", name),
    ]
    checkpoint = base.checkpoints["gpt2"].model_copy(update={"path": name, "digest": name, "source": name})
    base = base.model_copy(update={"sessions": [session], "checkpoints": {name: checkpoint}})
    return find(stored(base, records, name))


@pytest.mark.parametrize("colour", [False, True])
@for_any_text
def test_terminal_output_has_no_control_character_of_theirs(colour: bool, name: str) -> None:
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=colour, color_system="standard" if colour else None)
    print_document(document(hostile(name)), console)
    printed = file.getvalue()
    if colour:
        for style in ("\x1b[1m", "\x1b[2m", "\x1b[1;33m", "\x1b[0m"):
            printed = printed.replace(style, "")
    assert all(char.isprintable() for line in printed.split("\n") for char in line)


def test_markup_of_the_terminal_library_is_text() -> None:
    file = io.StringIO()
    print_document(document(hostile("[red]x[/red] :smile:")), Console(file=file, width=200))
    assert "[red]x[/red] :smile:" in file.getvalue()


@for_any_text
def test_markdown_has_no_markup_of_theirs(name: str) -> None:
    tokens = (
        MarkdownIt("commonmark", {"html": True})
        .enable(["table", "strikethrough"])
        .parse(markdown(document(hostile(name))))
    )
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "em_open", "s_open"}
    ours = {"loadbench: ", "Best observed", "How to r", "Not counted", "fastsafetensors-nogds", visible(short(name))}
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    plain = [tokens[i + 1].children for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert len(headings) == 8
    assert all(
        any("".join(c.content for c in children or ()).startswith(o.strip()) for o in ours) for children in plain
    )
    assert sum(token.type == "fence" for token in tokens) == 1


@for_any_text
def test_markdown_tables_keep_their_columns_and_show_the_name(name: str) -> None:
    source = markdown(document(hostile(name)))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    columns = 0
    rows: list[list[str]] = []
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            columns = source.splitlines()[token.map[0]].count("|") - 1 if token.map else 0
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append("".join(child.content for child in tokens[index + 1].children or ()))
        elif token.type == "tr_close":
            assert len(rows[-1]) == columns
    assert any(visible(short(name)).strip() in cell for row in rows for cell in row)


class _Parsed(HTMLParser):
    """The elements of a page by name and attributes, and what is written in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@for_any_text
def test_html_has_no_markup_of_theirs_and_shows_the_name(name: str) -> None:
    html = page([document(hostile(name)), document(hostile("plain"))])
    parsed = _Parsed(html)
    assert [html.count(tag) for tag in ("<script", "<style", "<meta", "<link")] == [1, 1, 5, 1]
    assert parsed.elements == _Parsed(page([document(hostile("plain"))] * 2)).elements
    assert all(char.isprintable() or char == "\n" for char in html)
    assert f"loadbench: {visible(short(name))}" in "".join(parsed.words)


@for_any_text
def test_json_holds_the_name_as_it_is_in_ascii(name: str) -> None:
    printed = machine_readable.as_json([hostile(name)])
    assert printed.isascii()
    report = json.loads(printed)
    assert report["runs"][0]["cases"][0]["case"]["loader"] == name
    assert report["runs"][0]["cases"][0]["not_counted"][0]["reason"] == (name or "no reason recorded")


@for_any_text
def test_csv_has_the_same_cells_in_every_row_and_none_is_a_formula(name: str) -> None:
    printed = machine_readable.as_csv([hostile(name)])
    rows = list(csv.reader(io.StringIO(printed, newline=""), strict=True))
    assert [len(row) for row in rows] == [len(rows[0])] * 3
    assert all(char.isprintable() for row in rows for cell in row for char in cell)
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_a_long_name_is_cut_with_a_word_and_whole_in_json() -> None:
    findings = hostile("x" * 10_000)
    assert "x" * (LONGEST + 1) not in markdown(document(findings)).replace("loadbench " + "x" * 10_000, "")
    assert "… (10000 characters)" in markdown(document(findings))
    assert "x" * 10_000 in machine_readable.as_json([findings])


def test_numbers_that_json_does_not_know_become_text() -> None:
    odd = case(tunables={"a": float("nan"), "b": float("inf")})
    report: Any = json.loads(machine_readable.as_json([find(stored(run([odd]), [ok(odd, 1, 5)]))]))
    assert report["runs"][0]["cases"][0]["case"]["tunables"] == {"a": "nan", "b": "inf"}
