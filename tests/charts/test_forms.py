"""What each form of chart says: values, ratios, bars from zero, what is left out and why."""

import pytest

from loadbench.charts.bars import Bar, Bars
from loadbench.charts.chart import Chart, Head, Reference, number
from loadbench.charts.costs import Cost
from loadbench.charts.heatmap import Cell, HeatMap
from loadbench.charts.lines import Line, Lines, Point
from loadbench.charts.render import draw
from loadbench.charts.stacks import Stack, Stacks
from loadbench.charts.strip import Samples, Strip
from loadbench.charts.theme import DARK, LIGHT
from tests.charts.drawn import marks, outside, overlapping, points, svg, svg_texts, xy
from tests.charts.examples import bars, costs, drift, grouped, heat_map, lines, stacks, strip

HEAD = Head("title")


@pytest.mark.parametrize("chart", [bars(), grouped(), stacks(), strip()], ids=["bars", "grouped", "stacks", "strip"])
def test_rows_are_on_an_axis_from_zero_that_holds_all_of_them(chart: Chart) -> None:
    low, high = draw(chart, LIGHT).axes[0].get_xlim()
    assert low == 0
    assert all(bar.get_x() >= 0 and bar.get_x() + bar.get_width() <= high for bar in marks(draw(chart, LIGHT)))


def test_bars_begin_at_zero_and_end_at_their_value() -> None:
    found = marks(draw(bars(), LIGHT))
    assert [(bar.get_x(), bar.get_width()) for bar in found] == [(0, 486), (0, 80), (0, 65), (0, 37)]


def test_the_published_deepseek_chart_has_ratios_from_the_seconds() -> None:
    texts = svg_texts(svg(bars()))
    for label in ("486 s, baseline", "80 s, 6.1× faster", "65 s, 7.5× faster", "37 s, 13.1× faster"):
        assert label in texts


def test_each_group_has_its_own_baseline_and_none_without_it() -> None:
    chart = grouped()
    labels = [chart.label(bar) for bar in chart.bars]
    assert labels[:3] == ["14.3 s, 3.3× faster", "48.0 s, baseline", "16.1 s, 3.0× faster"]
    assert labels[3:6] == ["7.53 s, 6.2× faster", "47 s, baseline", "10.4 s, 4.5× faster"]
    assert labels[6:] == ["4.88 s", "no figure", "37.4 s"]
    texts = svg_texts(svg(chart))
    assert {"gp3", "io2"} < set(texts)


def test_where_more_is_better_the_ratio_turns_round() -> None:
    chart = Bars(HEAD, "GB/s", [Bar("a", 2.0), Bar("b", 5.0), Bar("c", 1.9)], baseline="a", better="higher")
    assert [chart.label(bar) for bar in chart.bars] == ["2, baseline", "5, 2.5× faster", "1.90, 1.05× slower"]


def test_what_differs_is_grey_without_a_ratio_and_is_no_baseline() -> None:
    chart = Bars(HEAD, "s", [Bar("a", 2.0), Bar("b", 5.0, differs="clock")], baseline="a")
    assert chart.label(chart.bars[1]) == "5, differs: clock"
    assert marks(draw(chart, DARK))[1].get_facecolor() == pytest.approx(_rgba(DARK.grey))
    chart = Bars(HEAD, "s", [Bar("a", 2.0, differs="cache state"), Bar("b", 5.0)], baseline="a")
    assert chart.label(chart.bars[1]) == "5"


def test_the_parts_of_a_stack_follow_each_other() -> None:
    found = marks(draw(stacks(), LIGHT))
    spans = [(round(bar.get_x(), 2), round(bar.get_x() + bar.get_width(), 2)) for bar in found]
    assert spans == [(0, 47.99), (47.99, 66.13), (0, 14.34), (14.34, 35.08), (0, 4.88)]
    texts = svg_texts(svg(stacks()))
    assert {"66.13 s", "35.08 s", "4.88 s", "48.0", "18.1", "load"} <= set(texts)


def test_a_part_that_is_too_narrow_for_its_value_has_none() -> None:
    chart = Stacks(HEAD, "s", ["a", "b"], [Stack("x", [100.0, 0.123])])
    texts = svg_texts(svg(chart))
    assert "100" in texts
    assert "0.123" not in texts


def test_a_strip_shows_every_point_and_an_interval_only_where_there_is_one() -> None:
    figure = draw(strip(), LIGHT)
    assert [sorted(x) for x, _ in points(figure)] == [[0.19, 0.2, 0.21, 0.22, 0.25, 0.3], [0.23, 0.24, 0.35], [0.5]]
    (interval,) = marks(figure)
    assert (interval.get_x(), interval.get_x() + interval.get_width()) == pytest.approx((0.19, 0.3))
    assert "median with its 95 % interval" in svg_texts(svg(strip()))
    alone = Strip(HEAD, "s", [Samples("one", [0.5], 0.5)])
    assert "median with its 95 % interval" not in svg_texts(svg(alone))


def test_a_single_point_is_in_the_middle_of_its_row_and_others_are_within_it() -> None:
    one, many = (draw(Strip(HEAD, "s", [Samples("x", [1.0] * n, 1)]), LIGHT) for n in (1, 50))
    ((_, (middle,)),) = points(one)
    ((_, spread),) = points(many)
    assert len(set(spread)) == 50
    assert all(abs(at - middle) <= 0.1 for at in spread)


def test_the_ceiling_is_a_line_through_all_rows_with_its_name() -> None:
    figure = draw(strip(), LIGHT)
    ((bottom, above),) = [y for x, y in map(xy, figure.axes[0].lines) if x == [0.2, 0.2]]
    assert bottom == figure.axes[0].get_ylim()[0]
    assert above < 0
    assert any(text.startswith("storage ceiling, 0.200 s") for text in svg_texts(svg(strip())))


def test_lines_are_over_their_values_from_zero_with_labels() -> None:
    figure = draw(lines(), LIGHT)
    assert figure.axes[0].get_ylim()[0] == 0
    assert {"47.6", "14.4", "14.3", "50.7", "16.1", "17.2"} <= set(svg_texts(svg(lines())))
    ticks = {"1", "4", "8", "16", "32", "64"}
    assert ticks <= set(svg_texts(svg(lines())))


@pytest.mark.parametrize("x", [[0, 1, 2], [1, 1.5, 2], [-1, 5], [7], [1, 1000]])
def test_any_values_of_a_setting_can_be_on_the_axis_in_order(x: list[float]) -> None:
    chart = Lines(HEAD, "n", "s", [Line("a", [Point(at, 1.0) for at in x])])
    ((places, _),) = points(draw(chart, LIGHT))
    assert places == sorted(set(places))
    assert 0 <= places[0] <= places[-1] <= 1
    assert outside(chart) == []


def test_labels_of_many_equal_lines_are_left_out_before_they_overlap() -> None:
    chart = Lines(HEAD, "n", "s", [Line(f"l{n}", [Point(x, 1.0) for x in (1, 2, 4)], n) for n in range(7)])
    assert overlapping(chart) == []
    assert "1" in svg_texts(svg(chart))


def test_lines_with_intervals_stand_beside_each_other() -> None:
    chart = Lines(HEAD, "n", "s", [Line(name, [Point(1, 1, 0.5, 1.5), Point(2, 1, 0.5, 1.5)]) for name in "ab"])
    (one, _), (other, _) = points(draw(chart, LIGHT))
    assert other > one


def test_the_top_set_is_outlined_and_what_was_not_measured_is_a_dash() -> None:
    figure = draw(heat_map(), LIGHT)
    outlined = [cell for cell in marks(figure) if cell.get_linewidth() > 2]
    assert len(outlined) == 2
    texts = svg_texts(svg(heat_map()))
    assert {"0.300", "0.234", "0.250", "–", "not told apart from the fastest"} <= set(texts)


def test_a_heat_map_of_equal_times_can_be_drawn() -> None:
    chart = HeatMap(HEAD, "a", "b", "Time (s)", ["1"], ["2"], [[Cell(1.5)]])
    assert svg_texts(svg(chart)).count("1.50") == 2


def test_a_heat_map_with_many_columns_stays_inside() -> None:
    names = [str(2**n) for n in range(24)]
    chart = HeatMap(HEAD, "a", "b", "Time (s)", names, ["1"], [[Cell(n + 0.1234) for n in range(24)]])
    assert outside(chart) == []
    assert overlapping(chart) == []


def test_drift_shows_what_is_small_as_small() -> None:
    figure = draw(drift(), LIGHT)
    assert figure.axes[0].get_ylim()[1] >= 0.3
    assert {"−20 %", "0 %", "+20 %"} <= set(svg_texts(svg(drift())))
    assert "cold raw-read: −2 % to +30 %" in drift().describe()


def test_a_cost_line_is_the_fixed_cost_and_the_bytes() -> None:
    assert Cost("x", 0.5, 2.0, []).seconds(3) == 6.5
    assert "mmap: 0.05 s + 2.5 GB/s" in svg_texts(svg(costs()))
    assert "nogds: 0.1 s + no cost per byte" in svg_texts(svg(costs()))


def test_a_reference_beyond_all_bars_is_inside() -> None:
    chart = Bars(HEAD, "s", [Bar("a", 1.0)], references=[Reference(5.0, "a ceiling"), Reference(0.0, "zero")])
    assert draw(chart, LIGHT).axes[0].get_xlim()[1] > 5
    assert outside(chart) == []
    assert overlapping(chart) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (65, "65"), (47.99, "48.0"), (0.1234, "0.123"), (1234.5, "1,234"), (0.00012, "0.00012")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def _rgba(colour: str) -> tuple[float, float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue, 1.0
