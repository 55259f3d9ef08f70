"""Charts that lie inside a page: addresses that hold the whole picture."""

import base64
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from loadbench.charts.chart import Chart, NamedChart
from loadbench.charts.heatmap import HeatMap
from loadbench.charts.lines import Lines
from loadbench.charts.render import render_svg
from loadbench.charts.theme import DARK, LIGHT
from loadbench.report.tables import Image
from loadbench.report.text import short, visible

ROOM = 1000
"""Of a page, in marks: points, cells twice, and 20 for what every chart has. Each takes about 4 ms to draw."""

_FRAME = 20
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_WORDS = frozenset(f"{_SVG}{tag}" for tag in ("text", "tspan", "title", "desc", "style"))
_PLACES = frozenset(("d", "x", "y", "width", "height", "transform"))
_FRACTION = re.compile(r"-?\d+\.\d+")
_UPRIGHT = re.compile(r"rotate\(-?0 [^)]*\)")

ElementTree.register_namespace("", _SVG[1:-1])


def chosen(sources: Sequence[Sequence[NamedChart]], room: int = ROOM) -> list[list[NamedChart]]:
    """The charts that there is room for: the first one of every table, then the second ones; in their order."""
    places = []
    for source, charts in enumerate(sources):
        behind: dict[str, int] = {}
        for index, one in enumerate(charts):
            rank = behind[one.beside] = behind.get(one.beside, -1) + 1
            places.append((rank, source, index))
    kept = set()
    for _, source, index in sorted(places):
        needed = _marks(sources[source][index].chart)
        if needed <= room:
            room -= needed
            kept.add((source, index))
    return [
        [one for index, one in enumerate(charts) if (source, index) in kept] for source, charts in enumerate(sources)
    ]


def _marks(chart: Chart) -> int:
    if isinstance(chart, HeatMap):
        return _FRAME + 2 * sum(map(len, chart.cells))
    if isinstance(chart, Lines):
        return _FRAME + sum(len(line.points) for line in chart.lines)
    return _FRAME


def inline(one: NamedChart) -> Image:
    """The chart in both themes, each as a `data:` address: as an image it can neither run nor load anything."""
    alt = visible(f"{short(one.chart.head.title)}. {one.chart.describe()}")
    return Image(_address(render_svg(one.chart, LIGHT)), _address(render_svg(one.chart, DARK)), alt)


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(slim(svg).encode()).decode()}"


def slim(svg: str) -> str:
    """The same picture in fewer bytes: no metadata, no indentation, places to a hundredth of a point."""
    root = ElementTree.fromstring(svg)
    for metadata in root.findall(f"{_SVG}metadata"):
        root.remove(metadata)
    for element in root.iter():
        if element.tag not in _WORDS and element.text and not element.text.strip():
            element.text = None
        if element.tail and not element.tail.strip():
            element.tail = None
        link = element.attrib.pop(_LINK, None)
        if link:
            element.set("href", link)
        for name in _PLACES.intersection(element.attrib):
            element.set(name, _rounded(element.attrib[name]))
        if element.get("transform") == "":
            del element.attrib["transform"]
    return ElementTree.tostring(root, encoding="unicode")


def _rounded(text: str) -> str:
    rounded = _FRACTION.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), _UPRIGHT.sub("", text))
    return " ".join(rounded.split())
