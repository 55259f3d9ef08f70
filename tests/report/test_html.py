"""The HTML page as a file: its policy, its own sources, what it shows and what it leaves to others."""

import base64
import hashlib
import re
from html import unescape
from importlib.resources import files

import pytest

from loadbench.report.document import document
from loadbench.report.findings import find
from loadbench.report.html.page import page
from tests.builders import example

EXAMPLE = document(find(example()))


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    html = page([EXAMPLE])
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert unescape(policy).split("; ") == [
        "default-src 'none'",
        f"style-src {digest(style)}",
        f"script-src {digest(script)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert html.index("Content-Security-Policy") < html.index("<style>")


@pytest.mark.parametrize("name", ["style.css", "page.js"])
def test_style_and_script_are_the_same_in_every_encoding(name: str) -> None:
    """Else their digests would not fit where the output has no such characters."""
    source = (files("loadbench.report.html") / name).read_bytes()
    assert source.isascii()
    assert b"</" not in source
    assert b"http" not in source


def test_what_the_title_says_and_what_is_empty_has_no_column() -> None:
    html = page([EXAMPLE])
    (heads,) = re.findall(r"<caption>safetensors-mmap: gpt2</caption>\n<thead><tr>(.*?)</tr>", html)
    columns = re.findall(r">([^<]+)</th>", heads)
    assert "Method" not in columns
    assert "Config" not in columns
    assert columns[:2] == ["Test #", "Threads"]


def test_no_report_is_a_page_without_one() -> None:
    assert "loadbench: 0 reports" in page([])
