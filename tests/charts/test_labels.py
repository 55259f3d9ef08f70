"""Where labels go, and where values of a setting stand."""

from itertools import pairwise

import pytest

from loadbench.charts.labels import Box, Wish, place
from loadbench.charts.scale import scale
from loadbench.charts.text import fit, width, wrap

ROOM: Box = (0.0, 0.0, 4.0, 2.0)


def test_a_label_stands_above_its_point_where_it_can() -> None:
    (box,) = place([Wish(2, 1, 0.4)], [], ROOM)
    assert box is not None
    assert box[1] > 1
    assert (box[0] + box[2]) / 2 == pytest.approx(2)


def test_a_label_avoids_a_line() -> None:
    (box,) = place([Wish(2, 1, 0.4)], [[(0, 1.15), (4, 1.15)]], ROOM)
    assert box is not None
    assert box[3] < 1.15 - 0.05


def test_labels_keep_off_each_other_and_off_points_until_there_is_no_room() -> None:
    wishes = [Wish(2, 1, 0.4)] * 30
    boxes = [box for box in place(wishes, [], ROOM) if box]
    assert 2 <= len(boxes) < 30
    for number, (left, bottom, right, top) in enumerate(boxes):
        assert not (left < 2 < right and bottom < 1 < top)
        for other in boxes[number + 1 :]:
            assert right <= other[0] or other[2] <= left or top <= other[1] or other[3] <= bottom


def test_no_label_is_outside() -> None:
    corners = [Wish(0, 0, 0.4), Wish(4, 2, 0.4), Wish(0, 2, 0.4), Wish(2, 0, 9.0)]
    for box in place(corners, [], ROOM)[:3]:
        assert box is None or (box[0] >= 0 and box[1] >= 0 and box[2] <= 4 and box[3] <= 2)
    assert place(corners, [], ROOM)[3] is None


def test_doublings_are_equally_far_apart_on_a_wide_axis() -> None:
    along = scale([1, 2, 4, 8])
    places = [along.places[value] for value in (1, 2, 4, 8)]
    steps = [after - before for before, after in pairwise(places)]
    assert steps == pytest.approx([steps[0]] * 3)
    assert along.kind == "logarithmic"


def test_a_narrow_axis_is_linear_and_one_with_zero_is_in_steps() -> None:
    narrow = scale([4, 5, 8])
    assert (narrow.places[5] - narrow.places[4]) * 3 == pytest.approx(narrow.places[8] - narrow.places[5])
    steps = scale([0, 1, 100])
    assert steps.places[1] - steps.places[0] == pytest.approx(steps.places[100] - steps.places[1])
    assert (narrow.kind, steps.kind) == ("", "")


def test_text_is_cut_to_the_room() -> None:
    assert fit("short", 3) == "short"
    cut = fit("w" * 100, 1)
    assert cut.endswith("…")
    assert 0.8 < width(cut) <= 1
    assert fit("w", 0.01) == "…"


def test_text_is_wrapped_at_words_and_its_last_line_cut() -> None:
    lines = wrap("some words that need more than one line " * 3, 2, 9, 2)
    assert len(lines) == 2
    assert all(width(line) <= 2 for line in lines)
    assert lines[1].endswith("…")
    assert wrap("", 2, 9, 2) == ()
    assert wrap("x" * 500, 2, 9, 3)[0].endswith("…")
