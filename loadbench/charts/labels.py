"""Where the values beside points go: no label on another label or on a point."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Box = tuple[float, float, float, float]
"""Left, bottom, right, top. Inches."""

_HEIGHT = 0.13
_OFF = 0.13
_POINT = 0.045


@dataclass(frozen=True)
class Wish:
    """A label and the point that it belongs to. Inches within the plot."""

    x: float
    y: float
    width: float


def place(wishes: Sequence[Wish], lines: Sequence[Sequence[tuple[float, float]]], room: Box) -> list[Box | None]:
    """A box for each label: where no other label or point is, and rather where no line passes. None: there is none.

    The first labels choose first.
    """
    points = [_box(wish.x, wish.y, 2 * _POINT, 2 * _POINT) for wish in wishes]
    on_lines = [point for line in lines for point in _along(line)]
    taken: list[Box] = []
    found: list[Box | None] = []
    for wish in wishes:
        free = [
            box
            for box in _candidates(wish)
            if _inside(box, room) and not any(_overlap(box, other) for other in [*taken, *points])
        ]
        best = min(free, key=lambda box: sum(_holds(box, point) for point in on_lines), default=None)
        found.append(best)
        if best:
            taken.append(best)
    return found


def _candidates(wish: Wish) -> Iterable[Box]:
    """Above, below, then to the sides, near before far."""
    beside = wish.width / 2 + _POINT + 0.03
    for far in (_OFF, 1.7 * _OFF):
        yield _box(wish.x, wish.y + far, wish.width, _HEIGHT)
        yield _box(wish.x, wish.y - far, wish.width, _HEIGHT)
        yield _box(wish.x + 0.7 * beside, wish.y + far, wish.width, _HEIGHT)
        yield _box(wish.x - 0.7 * beside, wish.y + far, wish.width, _HEIGHT)
        yield _box(wish.x + 0.7 * beside, wish.y - far, wish.width, _HEIGHT)
        yield _box(wish.x - 0.7 * beside, wish.y - far, wish.width, _HEIGHT)
    for far in (0.0, 0.04, -0.04):
        yield _box(wish.x + beside, wish.y + far, wish.width, _HEIGHT)
        yield _box(wish.x - beside, wish.y + far, wish.width, _HEIGHT)


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inside(box: Box, room: Box) -> bool:
    return box[0] >= room[0] and box[1] >= room[1] and box[2] <= room[2] and box[3] <= room[3]


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _along(line: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """Points on a line, near enough to each other that none passes a label unseen."""
    for (x, y), (to_x, to_y) in pairwise(line):
        steps = max(1, int(max(abs(to_x - x), abs(to_y - y)) / 0.04))
        for step in range(steps + 1):
            yield x + (to_x - x) * step / steps, y + (to_y - y) * step / steps
