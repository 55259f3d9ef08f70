"""The step summary as Markdown shows it, and its size."""

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from loadbench.dialects.summary import MOST, summary
from tests.dialects.results import all_verdicts, case, for_any_text, hostile, result

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")


def flat(text: str) -> list[Token]:
    return [inner for token in MARKDOWN.parse(text) for inner in (token, *(token.children or ()))]


def table(text: str) -> list[list[str]]:
    rows: list[list[str]] = []
    tokens = MARKDOWN.parse(text)
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        if token.type in ("th_open", "td_open"):
            rows[-1].append("".join(inner.content for inner in tokens[place + 1].children or ()))
    return rows


def test_what_fails_stands_above_the_table_and_the_table_has_all() -> None:
    text = summary(all_verdicts())
    order = ["## INVALID", "- **INVALID** runai", "- **REGRESSION** tens", "| Case", "- **Baseline:**", "```sh"]
    assert sorted(order, key=text.index) == order
    head, *rows = table(text)
    assert head == ["Case", "Base (s)", "Head (s)", "Head / base [95 % interval]", "Verdict", "n", "Cache"]
    assert [row[4] for row in rows] == ["INVALID", "REGRESSION", "INCONCLUSIVE", "PASS"]
    assert rows[1] == ["tensorizer/gpt2/cold", "0.279", "0.330", "1.182 [1.129, 1.240]", "REGRESSION", "8", "cold"]


@for_any_text
def test_any_text_stays_text(name: str) -> None:
    text = summary(hostile(name))
    tokens = flat(text)
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "s_open", "blockquote_open"}
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h2"]
    assert sum(token.type == "fence" for token in tokens) == 1
    assert {len(row) for row in table(text)} == {7}
    assert len(table(text)) == 3
    for token in tokens:
        assert all(char.isprintable() or char == "\n" for char in token.content)


@pytest.mark.parametrize("most", [0, 30, 200, 1000, 5000, 20_000, MOST])
def test_never_larger_than_allowed(most: int) -> None:
    many = [case(f"{number} " + "|" * 180, "REGRESSION", reason="é" * 1000) for number in range(1000)]
    text = summary(result(many), most)
    assert len(text.encode()) <= most
    if most >= 5000:
        shown = len(table(text)) - 1
        assert 0 < shown < 1000
        assert f"\n{1000 - shown} more of these do not fit" in text
        assert "Try it again" in text
        assert len(text.encode()) > 0.6 * most
    elif text:
        assert text.startswith("## REGRESSION")


def test_nothing_is_left_out_where_there_is_room() -> None:
    many = [case(f"case {number}") for number in range(1000)]
    text = summary(result(many))
    assert len(table(text)) == 1001
    assert "do not fit" not in text


def test_a_gate_without_a_case_says_why() -> None:
    text = summary(result([], reason="no case could be tried"))
    assert text.startswith("## INVALID: no case could be tried\n\n- **INVALID** gate: no case could be tried\n")


def test_a_command_full_of_backticks_does_not_end_its_block() -> None:
    (fence,) = [token for token in flat(summary(hostile("````"))) if token.type == "fence"]
    assert fence.content == "loadbench '````'\n````\n````\n"
