"""`loadbench report --charts`: files, and links from Markdown that lead to them."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from loadbench.errors import StoreError
from loadbench.records import Record
from tests.builders import bad, case, run, series
from tests.cli.test_report import in_a_process, invoke, write, write_example

LINKS = re.compile(r'(?:src|srcset)="([^"]*)"')


def test_every_chart_is_there_as_svg_and_png_in_both_themes(tmp_path: Path) -> None:
    result = invoke(write_example(tmp_path / "one"), "--charts", tmp_path / "charts")
    assert result.exit_code == 0
    assert result.stdout.startswith("loadbench: example\n")
    files = sorted(file.name for file in (tmp_path / "charts").iterdir())
    assert len(files) == 5 * 4
    assert files[:4] == [f"01-best-gpt2-cold-{end}" for end in ("dark.png", "dark.svg", "light.png", "light.svg")]
    for file in (tmp_path / "charts").glob("*.svg"):
        ElementTree.parse(file)


def test_markdown_links_to_the_charts_beside_its_tables(tmp_path: Path) -> None:
    path = write_example(tmp_path / "one")
    report = tmp_path / "docs" / "report.md"
    report.parent.mkdir()
    invoke(path, "--format", "markdown", "--output", report, "--charts", tmp_path / "docs" / "my charts#1")
    text = report.read_text(encoding="utf-8")
    links = LINKS.findall(text)
    assert len(links) == 10
    assert all((report.parent / unquote(link)).is_file() for link in links)
    sections = {part.splitlines()[0]: LINKS.findall(part) for part in text.split("\n## ")[1:]}
    assert [unquote(link).split("/")[-1] for link in sections["Best observed: gpt2, cold, cpu, owned"]] == [
        "01-best-gpt2-cold-dark.svg",
        "01-best-gpt2-cold-light.svg",
        "02-concurrency-gpt2-cold-dark.svg",
        "02-concurrency-gpt2-cold-light.svg",
    ]
    assert "drift" in sections["Ceilings: gpt2"][0]
    without = invoke(path, "--format", "markdown").stdout
    assert re.sub(r"<picture>.*?</picture>\n\n", "", text, flags=re.DOTALL) == without


def test_a_picture_is_one_block_of_html_whose_alternative_text_is_escaped(tmp_path: Path) -> None:
    name = '"><script>alert(1)</script>\n\n'
    path = write(tmp_path / "one", run([case(name)]), series(case(name), 5, 6))
    report = tmp_path / "report.md"
    invoke(path, "--format", "markdown", "--output", report, "--charts", tmp_path / "charts")
    blocks = [token for token in MarkdownIt().parse(report.read_text(encoding="utf-8")) if token.type == "html_block"]
    assert [block.content.count("<") for block in blocks] == [4]
    assert "&lt;script&gt;" in blocks[0].content


def test_several_runs_have_a_directory_each(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "runs" / name, run([case()], name="same"), series(case(), 5))
    report = tmp_path / "report.md"
    invoke(tmp_path / "runs", "--format", "markdown", "--output", report, "--charts", tmp_path / "charts")
    assert sorted(file.name for file in (tmp_path / "charts").iterdir()) == ["01-same", "02-same"]
    links = LINKS.findall(report.read_text(encoding="utf-8"))
    assert len(set(links)) == 4
    assert all((tmp_path / link).is_file() for link in links)


@pytest.mark.parametrize("records", [[], [bad(case(), 1, "failed", "crash")]], ids=["empty", "failures"])
def test_a_run_without_figures_has_no_charts(tmp_path: Path, records: list[Record]) -> None:
    result = invoke(write(tmp_path / "one", run([case()]), records), "--charts", tmp_path / "charts")
    assert result.exit_code == 0
    assert list((tmp_path / "charts").iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = invoke(write_example(tmp_path / "one"), "--charts", tmp_path / "file")
    assert isinstance(result.exception, StoreError)


def test_the_same_run_gives_the_same_files(tmp_path: Path) -> None:
    path = write(tmp_path / "one", run([case()]), series(case(), 5, 6))
    for name in ("a", "b"):
        in_a_process(path, "--charts", tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_matplotlib_is_loaded_for_charts_only(tmp_path: Path) -> None:
    path = write(tmp_path / "one", run([case()]), series(case(), 5))
    code = (
        "import sys; from pathlib import Path; from loadbench.cli.report import report;"
        f"report([Path({str(path)!r})], 'markdown', Path({str(tmp_path / 'r.md')!r}));"
        "print('matplotlib' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert printed.strip() == "False"
