"""Text in charts: what the font can draw, how wide it is, and cut or wrapped to the room there is.

Names come from results and are not trusted. Mathematics is switched off where charts are rendered, so that `$` is text.
"""

from functools import cache, lru_cache
from unicodedata import combining

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from loadbench.report.text import visible

SMALL, NORMAL, LARGE = 7.5, 9.0, 12.0
"""Sizes in points."""
_LONGEST = 300
_MOST_MARKS = 2
_SLACK = 1.02
"""Letters elsewhere may be a little wider than they are here."""
_POINTS_PER_INCH = 72


def drawable(text: str) -> str:
    r"""The text with what is not printable or not in the font spelled out, as `\u4e2d`; no more than 300 characters.

    Marks above and below a letter are drawn, but not towers of them.
    """
    cut = visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    drawn = []
    marks = 0
    for character in cut:
        marks = marks + 1 if combining(character) else 0
        in_font = ord(character) in _in_font()
        drawn.append(character if in_font and marks <= _MOST_MARKS else _spelled_out(character))
    return "".join(drawn)


@lru_cache(maxsize=1 << 16)
def width(text: str, size: float = NORMAL, *, bold: bool = False) -> float:
    """How wide drawable text is, in inches."""
    points, _, _ = text_to_path.get_text_width_height_descent(text, _font(size, bold), False)
    return float(points) * _SLACK / _POINTS_PER_INCH


def fit(text: str, room: float, size: float = NORMAL, *, bold: bool = False) -> str:
    """Drawable text that is no wider than so many inches, cut at its end where it would be."""
    whole = drawable(text)
    if width(whole, size, bold=bold) <= room:
        return whole
    fits, cut = 0, len(whole)
    while cut - fits > 1:
        middle = (fits + cut) // 2
        if width(f"{whole[:middle]}…", size, bold=bold) <= room:
            fits = middle
        else:
            cut = middle
    return f"{whole[:fits].rstrip()}…"


def wrap(text: str, room: float, size: float, lines: int) -> tuple[str, ...]:
    """Drawable text in at most so many lines of so many inches; the last is cut where that is not enough."""
    rest = drawable(text).split()
    found: list[str] = []
    while rest and len(found) < lines - 1:
        taken = 1
        while taken < len(rest) and width(" ".join(rest[: taken + 1]), size) <= room:
            taken += 1
        found.append(fit(" ".join(rest[:taken]), room, size))
        rest = rest[taken:]
    return (*found, *([fit(" ".join(rest), room, size)] if rest else []))


def _spelled_out(character: str) -> str:
    return character.encode("unicode_escape").decode()


@cache
def _in_font() -> frozenset[int]:
    """The characters that the font has, upright and bold."""
    upright, bold = (set(get_font(findfont(_font(NORMAL, bold))).get_charmap()) for bold in (False, True))
    return frozenset(upright & bold)


@cache
def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
