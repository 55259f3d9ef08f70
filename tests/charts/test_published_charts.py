"""The charts of the published figures, held against what their sources show."""

from pathlib import Path

import pytest

from loadbench.charts.bars import Bars
from loadbench.charts.chart import NamedChart
from loadbench.charts.lines import Lines
from loadbench.charts.published_charts import published_charts
from loadbench.charts.stacks import Stacks
from loadbench.published.reader import find_published, read_published
from loadbench.report.published import published_document
from tests.charts.drawn import outside, overlapping

DIRECTORY = Path(__file__).parents[2] / "results" / "published"
FILES = find_published(DIRECTORY)


def charts(name: str) -> tuple[NamedChart, ...]:
    return published_charts(read_published(DIRECTORY / f"{name}.json"))


def test_the_deepseek_chart_has_its_four_bars_and_ratios() -> None:
    (one,) = charts("deepseek-r1-rocm")
    assert isinstance(one.chart, Bars)
    assert [(bar.name, bar.value, one.chart.label(bar)) for bar in one.chart.bars] == [
        ("safetensors, cold", 486, "486 s, baseline"),
        ("safetensors, warm", 80, "80 s, 6.1× faster"),
        ("fastsafetensors, cold", 65, "65 s, 7.5× faster"),
        ("fastsafetensors, warm", 37, "37 s, 13.1× faster"),
    ]
    assert "Ratios across cold and warm" in one.chart.head.note
    assert one.chart.axis == "Time (s); the source does not define its clock"


def test_the_a10g_figures_are_all_seven() -> None:
    found = [one.chart for one in charts("a10g-llama3-8b")]
    assert [type(chart) for chart in found] == [Lines, Bars, Lines, Bars, Lines, Bars, Stacks]


def test_a10g_figure_1_is_time_over_concurrency() -> None:
    chart = charts("a10g-llama3-8b")[0].chart
    assert isinstance(chart, Lines)
    runai, tensorizer = chart.lines
    assert [(point.x, point.shown) for point in runai.points] == [
        (1, "47.56"),
        (4, "14.43"),
        (8, "14.42"),
        (16, "14.34"),
    ]
    assert [point.x for point in tensorizer.points] == [1, 4, 8, 16, 32, 64, 100]
    (level,) = chart.references
    assert (level.value, level.text) == (47.99, "safetensors, without such a setting: 47.99 s")


def test_a10g_figures_2_4_and_6_are_the_best_of_each_loader() -> None:
    best = [one.chart for one in charts("a10g-llama3-8b") if isinstance(one.chart, Bars)]
    assert [{bar.name: bar.value for bar in chart.bars} for chart in best] == [
        {"runai-streamer": 14.34, "tensorizer": 16.11, "safetensors": 47.99},
        {"runai-streamer": 7.53, "tensorizer": 10.36, "safetensors": 47},
        {"runai-streamer": 4.88, "tensorizer": 37.36},
    ]
    assert best[0].bars[0].detail == "concurrency=16, best of 4 values"
    assert best[0].label(best[0].bars[0]) == "14.34 s, 3.3× faster"


def test_a10g_figure_7_stacks_load_and_the_rest_per_storage() -> None:
    chart = charts("a10g-llama3-8b")[-1].chart
    assert isinstance(chart, Stacks)
    assert [stack.text for stack in chart.stacks] == [
        "66.13", "35.08", "36.19", "62.69", "28.28", "30.88", "23.18", "65.18",
    ]  # fmt: skip
    assert len({stack.group for stack in chart.stacks}) == 3
    assert list(chart.stacks[1].values) == pytest.approx([14.34, 20.74])


def test_clocks_are_never_in_one_chart() -> None:
    axes = [one.chart.axis for one in charts("modelexpress") if isinstance(one.chart, Bars)]
    assert len(axes) == len(set(axes)) > 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_source_is_drawn_inside_and_without_collisions_beside_a_table(path: Path) -> None:
    published = read_published(path)
    titles = {table.title for table in published_document(published).tables}
    for one in published_charts(published):
        assert one.beside in titles
        assert outside(one.chart) == []
        assert overlapping(one.chart) == []
