"""Every form really drawn: nothing outside, nothing on each other, axes with units, whatever the names are."""

import re
import subprocess
import sys

import matplotlib
import pytest

from loadbench.charts.chart import Chart
from loadbench.charts.render import draw, render, render_svg
from loadbench.charts.text import drawable
from loadbench.charts.theme import DARK, LIGHT, OKABE_ITO, THEMES, Theme, luminance
from tests.charts.drawn import SVG, outside, overlapping, svg, svg_texts
from tests.charts.examples import EMPTY, EXAMPLES, bars

NAMES = [
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b]0;title\x07\r\n# heading",
    "x" * 10_000,
    "W" * 400,
    "|" * 400,
    "\u202egpj.exe שלום עולם",
    "",
    " ",
    "_hidden",
    "$x_2$ and 5 $ \\frac{1}",
    "中文 🙂",
    "]]> <!-- --> &lt;",
    "a" + "\u0301" * 50,
]
PLAIN = {name: form(name.replace("_", " ")) for name, form in EXAMPLES.items()}


@pytest.mark.parametrize("chart", PLAIN.values(), ids=PLAIN)
def test_no_text_is_outside_or_on_another(chart: Chart) -> None:
    assert outside(chart) == []
    assert overlapping(chart) == []


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
@pytest.mark.parametrize("form", EXAMPLES)
def test_hostile_names_stay_text_and_inside(form: str, name: str) -> None:
    chart = EXAMPLES[form](name)
    assert outside(chart) == []
    root = svg(chart)
    assert {child.tag.removeprefix(SVG) for child in root} <= {"title", "desc", "metadata", "defs", "g"}
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize("name", ["_hidden", "$x$ and $y$", "<b>&amp;"])
@pytest.mark.parametrize("form", EXAMPLES)
def test_a_name_is_written_as_it_is(form: str, name: str) -> None:
    assert any(name in text for text in svg_texts(svg(EXAMPLES[form](name))))


def test_what_the_font_has_not_is_spelled_out() -> None:
    assert drawable("中a\x1b\u202e🙂") == "\\u4e2da\\x1b\\u202e\\U0001f642"
    assert drawable("ü × ≈ µ שלום") == "ü × ≈ µ שלום"


@pytest.mark.parametrize("form", EMPTY)
def test_a_chart_of_nothing_says_so(form: str) -> None:
    assert "No figure to show" in svg_texts(svg(EMPTY[form]))
    assert outside(EMPTY[form]) == []
    assert EMPTY[form].describe().endswith("no figure")


UNITS = {
    "bars": ["Time to load (s)"],
    "grouped": ["Time to load (s)"],
    "lines": ["Concurrency", "Time to load (s)"],
    "stacks": ["Time (s)"],
    "strip": ["Time to load (s)"],
    "heat_map": ["Time (s)", "buffer (bytes)", "threads"],
    "over_runs": ["Run", "Time beside the first level (%)"],
    "drift": ["Round", "Time beside its median (%)"],
    "costs": ["Bytes of the tensors (GB), logarithmic", "Time to load (s), logarithmic"],
}


@pytest.mark.parametrize("form", EXAMPLES)
def test_axes_have_names_with_units(form: str) -> None:
    texts = svg_texts(svg(PLAIN[form] if form != "heat_map" else EXAMPLES[form]("buffer")))
    for unit in UNITS[form]:
        assert any(text.startswith(unit) for text in texts)


@pytest.mark.parametrize("form", EXAMPLES)
def test_an_svg_has_a_title_and_a_description_and_fonts_to_fall_back_on(form: str) -> None:
    chart = PLAIN[form]
    root = svg(chart)
    (title,) = root.findall(f"{SVG}title")
    (description,) = root.findall(f"{SVG}desc")
    assert (title.text, description.text) == (chart.head.title, chart.describe())
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    fonts = {text.get("style", "") for text in root.iter(f"{SVG}text")}
    assert fonts
    assert all(style.count("sans-serif") == 1 for style in fonts)


@pytest.mark.parametrize("form", EXAMPLES)
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_a_theme_s_colours_are_used_and_no_others(form: str, theme: Theme) -> None:
    written = render_svg(PLAIN[form], theme)
    used = set(re.findall(r"#[0-9a-f]{6}", re.sub(r'url\(#\w+\)|href="#\w+"', "", written)))
    own = {theme.background, theme.text, theme.muted, theme.grid, theme.grey}
    allowed = {colour.lower() for colour in (*own, *theme.series, "#000000", "#ffffff")}
    if form != "heat_map":
        assert used <= allowed
    assert theme.background in used
    other = DARK if theme is LIGHT else LIGHT
    assert other.text not in used


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_colours_are_okabe_and_ito_s_and_text_can_be_read(theme: Theme) -> None:
    assert set(theme.series) <= set(OKABE_ITO)
    assert len(set(theme.series)) == len(theme.series) == 7
    for colour in (theme.text, theme.muted):
        light, dark = sorted((luminance(colour), luminance(theme.background)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_same_chart_is_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys; from tests.charts.examples import bars; from loadbench.charts.render import render;"
        "from loadbench.charts.theme import DARK; r = render(bars(), DARK);"
        "assert 'matplotlib.pyplot' not in sys.modules;"
        "sys.stdout.buffer.write(r.svg.encode() + r.png)"
    )
    one, other = (
        subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout for _ in range(2)
    )
    here = render(bars(), DARK)
    assert one == other == here.svg.encode() + here.png
    assert b"202" not in re.findall(rb"<metadata>.*?</metadata>", one, re.DOTALL)[0]


def test_drawing_leaves_matplotlib_s_settings_alone_and_takes_none_of_them() -> None:
    before = render(bars(), LIGHT)
    with matplotlib.rc_context({"axes.grid": True, "font.size": 30, "svg.fonttype": "path", "text.parse_math": True}):
        settings = dict(matplotlib.rcParams)
        assert render(bars(), LIGHT) == before
        draw(bars(), LIGHT)
        assert dict(matplotlib.rcParams) == settings
