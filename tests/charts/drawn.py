"""What a drawn chart holds: its texts, where they are, and the SVG as a tree."""

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from loadbench.charts.chart import Chart
from loadbench.charts.render import render_svg, style
from loadbench.charts.theme import LIGHT, Theme

SVG = "{http://www.w3.org/2000/svg}"


def boxes(chart: Chart, theme: Theme = LIGHT) -> tuple[Bbox, list[tuple[str, Bbox]]]:
    """The figure's box, and that of every text in it. Pixels."""
    with style():
        figure = chart.draw(theme)
        renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        texts = list(figure.findobj(Text))
        return figure.bbox.frozen(), [
            (text.get_text(), text.get_window_extent(renderer))
            for text in texts
            if text.get_visible() and text.get_text().strip() and _shown(figure, text)
        ]


def outside(chart: Chart) -> list[str]:
    """The texts that are not wholly inside the figure."""
    figure, texts = boxes(chart)
    return [
        text
        for text, box in texts
        if box.x0 < figure.x0 or box.y0 < figure.y0 or box.x1 > figure.x1 or box.y1 > figure.y1
    ]


def overlapping(chart: Chart) -> list[tuple[str, str]]:
    """The pairs of texts that lie on each other, by more than the air around their letters."""
    _, texts = boxes(chart)
    air = [(text, Bbox.from_extents(box.x0 + 1, box.y0 + 2, box.x1 - 1, box.y1 - 2)) for text, box in texts]
    return [(one, other) for (one, a), (other, b) in combinations(air, 2) if a.overlaps(b)]


def marks(figure: Figure) -> list[Rectangle]:
    """The bars of the plot."""
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]


def svg(chart: Chart, theme: Theme = LIGHT) -> ElementTree.Element:
    """The SVG, which has to be well-formed."""
    return ElementTree.fromstring(render_svg(chart, theme))


def svg_texts(root: ElementTree.Element) -> list[str]:
    """All that is written in the picture."""
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def points(figure: Figure) -> list[tuple[list[float], list[float]]]:
    """The x and y of every line that has round marks."""
    return [xy(line) for line in figure.axes[0].lines if line.get_marker() == "o"]


def xy(line: Line2D) -> tuple[list[float], list[float]]:
    """A line's data."""
    return [float(x) for x in np.asarray(line.get_xdata())], [float(y) for y in np.asarray(line.get_ydata())]


def _shown(figure: Figure, text: Text) -> bool:
    """Whether a tick's label is inside its axis: matplotlib keeps those beyond the ends, and does not draw them."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for tick in axis.get_major_ticks():
                if text in (tick.label1, tick.label2):
                    low, high = sorted(axis.get_view_interval())
                    return text is tick.label1 and low <= float(tick.get_loc()) <= high and bool(axes.axison)
    return True
