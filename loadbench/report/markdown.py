"""A document as Markdown, for GitHub and for plain reading."""

from collections.abc import Iterable, Sequence
from html import escape

from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.tables import Image, Table
from loadbench.report.text import visible

_ENTITIES = str.maketrans({char: f"&#{ord(char)};" for char in "\\`*[]<>&|~$"})
"""Character references are never structure in Markdown, inside a table or out of it."""


def markdown(document: Document) -> str:
    """The whole document, ending in a newline."""
    blocks = [f"# {_text(document.title)}"]
    if document.warnings:
        blocks.append("\n>\n".join(f"> **Warning:** {_text(warning)}" for warning in document.warnings))
    blocks += _fact_list(document.facts)
    for table in document.tables:
        blocks += _table(table)
    blocks += [_image(image) for image in document.images]
    if document.reading:
        blocks += ["## How to read this", *_fact_list(document.reading)]
    if document.commands or document.repeat:
        blocks.append("## How to repeat it")
    if document.commands:
        blocks.append(_code(document.commands))
    blocks += _fact_list(document.repeat)
    return "\n\n".join(blocks) + "\n"


def inline(text: str) -> str:
    """Foreign text for a line of Markdown that is put together elsewhere."""
    return _text(text)


def _table(table: Table) -> Iterable[str]:
    yield f"## {_text(table.title)}"
    yield from (_text(sentence) for sentence in table.intro)
    yield from (_image(image) for image in table.images)
    if table.rows:
        heads = [_line(column.name for column in table.columns)]
        rule = "|".join("---:" if column.align == "right" else "---" for column in table.columns)
        yield "\n".join([*heads, f"|{rule}|", *(_line(row) for row in table.rows)])
    yield from (_text(footnote) for footnote in table.footnotes)
    for block in table.blocks:
        yield f"### {_text(block.title)}"
        if block.lines:
            yield _code(block.lines, block.language)
        yield from (_text(note) for note in block.notes)


def _image(image: Image) -> str:
    """An image that follows the reader's theme: GitHub keeps these elements, and no others would do it."""
    light, dark, alt = (escape(visible(text)) for text in (image.light, image.dark, image.alt))
    return "\n".join(
        [
            "<picture>",
            f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">',
            f'<img alt="{alt}" src="{light}">',
            "</picture>",
        ]
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _fact_list(facts: Sequence[Fact]) -> list[str]:
    return ["\n".join(f"- **{_text(label)}:** {_text(text)}" for label, text in facts)] if facts else []


def _code(lines: Sequence[str], language: str = "sh") -> str:
    """A fenced block. No line of a quoted command or of a recipe begins with a backtick, so none can end it."""
    return "\n".join([f"```{language}", *(visible(line) for line in lines), "```"])


def _text(text: str) -> str:
    """Foreign text that cannot become markup. An underscore between letters is none, and stays readable."""
    escaped = visible(text).translate(_ENTITIES)
    parts = escaped.split("_")
    joined = parts[0]
    for part in parts[1:]:
        inside_a_word = joined[-1:].isalnum() and part[:1].isalnum()
        joined += ("_" if inside_a_word else "&#95;") + part
    return joined
