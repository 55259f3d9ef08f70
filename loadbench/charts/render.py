"""A chart as the text of an SVG file and the bytes of a PNG file: the same for the same chart, on every day."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from xml.sax.saxutils import escape

import matplotlib
from matplotlib.figure import Figure

from loadbench.charts.chart import Chart
from loadbench.charts.text import NORMAL
from loadbench.charts.theme import Theme
from loadbench.report.text import short, visible

PNG_DPI = 160
_FONT = "'DejaVu Sans'"
_FONTS = "'DejaVu Sans', Verdana, Arial, sans-serif"
"""What a browser takes that has not the font: Verdana is as wide."""


@dataclass(frozen=True)
class Rendered:
    """A chart in one theme."""

    svg: str
    png: bytes


def render(chart: Chart, theme: Theme) -> Rendered:
    """Draw a chart and write it in both formats."""
    figure = draw(chart, theme)
    return Rendered(_svg(figure, chart), _png(figure))


def render_svg(chart: Chart, theme: Theme) -> str:
    """The SVG alone, such as for a page that holds it."""
    return _svg(draw(chart, theme), chart)


def draw(chart: Chart, theme: Theme) -> Figure:
    """The figure alone."""
    with style():
        return chart.draw(theme)


@contextmanager
def style() -> Iterator[None]:
    """matplotlib's own defaults, whatever the user has set, and ours; after it all is as it was."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": ["DejaVu Sans"],
                "font.size": NORMAL,
                "text.parse_math": False,
                "text.hinting": "none",  # else letters are wider on paper than they were measured
                "svg.fonttype": "none",
                "svg.hashsalt": "loadbench",
            }
        )
        yield


def _svg(figure: Figure, chart: Chart) -> str:
    file = io.BytesIO()
    with style():
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": "loadbench"})
    return _accessible(file.getvalue().decode(), chart)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    with style():
        figure.savefig(file, format="png", dpi=PNG_DPI, metadata={"Software": "loadbench"})
    return file.getvalue()


def _accessible(svg: str, chart: Chart) -> str:
    """The SVG with a title and a description that screen readers find, and with fonts to fall back on."""
    title, description = visible(short(chart.head.title)), visible(chart.describe())
    name = hashlib.sha256(f"{title}\n{description}".encode()).hexdigest()[:8]
    head, root, rest = svg.partition("<svg ")
    attributes, _, body = rest.partition(">")
    return (
        f'{head}{root}role="img" aria-labelledby="t{name} d{name}" {attributes}>\n'
        f' <title id="t{name}">{escape(title)}</title>\n'
        f' <desc id="d{name}">{escape(description)}</desc>'
        f"{body.replace(_FONT, _FONTS)}"
    )
