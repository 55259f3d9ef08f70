"""Charts that lie inside a page."""

import base64
from xml.etree import ElementTree

import numpy as np
import pytest

from loadbench.charts.chart import Head, NamedChart
from loadbench.charts.heatmap import Cell, HeatMap
from loadbench.charts.inline import chosen, inline, slim
from loadbench.charts.lines import Line, Lines, Point
from loadbench.charts.render import render_svg
from loadbench.charts.run_charts import run_charts
from loadbench.charts.theme import DARK, LIGHT
from loadbench.report.findings import find
from tests.builders import example
from tests.charts.drawn import svg_texts

CHARTS = run_charts(find(example()))


def lines(points: int, beside: str = "", title: str = "a chart") -> NamedChart:
    some = [Point(float(number), 1.0) for number in range(points)]
    return NamedChart(title, Lines(Head(title), "x", "y", [Line("one", some, 0)]), beside)


def numbers(svg: str) -> list[float]:
    """Every place in the picture."""
    found = []
    for element in ElementTree.fromstring(svg).iter():
        for name in ("d", "x", "y"):
            words = element.get(name, "").split()
            found += [float(word) for word in words if word[-1].isdigit()]
    return found


@pytest.mark.parametrize("one", CHARTS, ids=[one.name for one in CHARTS])
def test_a_slim_picture_is_the_same_in_fewer_bytes(one: NamedChart) -> None:
    whole = render_svg(one.chart, LIGHT)
    small = slim(whole)
    assert len(small) < 0.8 * len(whole)
    assert svg_texts(ElementTree.fromstring(small)) == svg_texts(ElementTree.fromstring(whole))
    assert np.allclose(numbers(small), numbers(whole), rtol=0, atol=0.0051)
    assert "metadata" not in small
    assert slim(small) == small


def test_words_are_left_as_they_are() -> None:
    name = 'a  b d="1.23456" <x> 1.23456 rotate(-0 1 2)'
    small = slim(render_svg(lines(2, title=name).chart, LIGHT))
    assert name in svg_texts(ElementTree.fromstring(small))


def test_an_image_holds_both_themes() -> None:
    image = inline(CHARTS[0])
    for address, theme in ((image.light, LIGHT), (image.dark, DARK)):
        kind, _, data = address.partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert base64.b64decode(data).decode() == slim(render_svg(CHARTS[0].chart, theme))
    assert image.alt.startswith(CHARTS[0].chart.head.title)


def test_every_table_gets_its_first_chart_before_any_its_second() -> None:
    one = [lines(80, "a"), lines(81, "a"), lines(82, "b")]
    other = [lines(83, "a"), lines(84, "a")]
    assert chosen([one, other], room=10_000) == [one, other]
    assert chosen([one, other], room=320) == [[one[0], one[2]], [other[0]]]
    assert chosen([one, other], room=99) == [[], []]


def test_a_chart_that_is_too_large_leaves_its_room_to_others() -> None:
    cells = [[Cell(1.0)] * 30] * 30
    names = [str(number) for number in range(30)]
    large = NamedChart("large", HeatMap(Head("large"), "x", "y", "s", names, names, cells))
    assert chosen([[large, lines(3)]]) == [[lines(3)]]
