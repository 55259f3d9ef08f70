"""Published figures beside our own: a ratio only where clock, cache state and bytes agree."""

from typing import Any

import pytest

from loadbench.charts.bars import Bars
from loadbench.charts.overlay_charts import overlay_charts
from loadbench.charts.theme import LIGHT
from loadbench.published.overlay import Pair, pairs
from loadbench.published.records import PublishedFigure
from loadbench.records import Record
from loadbench.report.findings import Findings, find
from loadbench.report.overlay_tables import overlay_tables
from tests.builders import GPT2_BYTES, case, run, series, stored
from tests.charts.drawn import outside, overlapping
from tests.published.figures import checked, figure
from tests.report.test_hostile_text import HOSTILE

ALIKE: dict[str, Any] = {
    "gpu": "1x A10G", "bytes": GPT2_BYTES, "loader": "fastsafetensors-nogds", "seconds": 0.5,
    "settings": {"threads": 8, "buffer": "8MB", "config": "default"},
}  # fmt: skip


def ours(*records: Record) -> Findings:
    return find(stored(run({record.case.name: record.case for record in records}.values()), records))


def on_gpu(cache: str = "cold", threads: int = 8, milliseconds: float = 250, **fields: Any) -> list[Record]:
    of = case(cache=cache, device="cuda:0", tunables={"threads": threads, "buffer": 8 * 2**20})
    return series(of, *[milliseconds] * 6, **fields)


def one(**fields: Any) -> PublishedFigure:
    return checked(figure(**ALIKE | fields)).records[0]


def only(found: tuple[Pair, ...]) -> Pair:
    (pair,) = found
    return pair


def test_the_same_experiment_has_a_ratio() -> None:
    pair = only(pairs([one()], ours(*on_gpu()).summaries))
    assert pair.differences == ()
    assert pair.times == 2.0


@pytest.mark.parametrize(
    ("fields", "what", "text"),
    [
        ({"clock": "ready"}, "clock", "their clock: ready, ours: load"),
        ({"loader": "vllm:fastsafetensors-nogds"}, "clock", "their clock runs inside vllm"),
        ({"gpu": "none (CPU)"}, "clock", "their weights end in the CPU's memory, ours in a GPU"),
        ({"gpu": "not stated"}, "clock", "they do not say on which device the weights end"),
        ({"cache": "unknown"}, "cache", "their cache: unknown, ours: cold"),
        ({"cache": "warm"}, "cache", "their cache: warm, ours: cold"),
        ({"bytes": None}, "bytes", "they do not state their bytes"),
        ({"bytes": 10**9}, "bytes", "their bytes: 1.0 GB, ours: 548.1 MB"),
        ({"counted_bytes": GPT2_BYTES // 2}, "bytes", "they deliver 274.0 MB, we 548.1 MB"),
    ],
)
def test_each_difference_forbids_the_ratio_and_is_named(fields: dict[str, Any], what: str, text: str) -> None:
    pair = only(pairs([one(**fields)], ours(*on_gpu()).summaries))
    assert [(difference.what, difference.text) for difference in pair.differences] == [(what, text)]
    assert pair.times is None


def test_a_cache_that_was_not_proved_is_no_cold_one() -> None:
    pair = only(pairs([one()], ours(*on_gpu(state="partial")).summaries))
    assert [difference.text for difference in pair.differences] == ["our cache was partial(37%)"]


def test_the_case_that_differs_least_is_taken_and_the_fastest_of_equals() -> None:
    findings = ours(*on_gpu("warm", milliseconds=100), *on_gpu("cold"))
    assert only(pairs([one(cache="cold")], findings.summaries)).summary.case.cache == "cold"
    assert only(pairs([one(cache="warm")], findings.summaries)).summary.case.cache == "warm"
    assert only(pairs([one(cache="unknown")], findings.summaries)).summary.case.cache == "warm"


@pytest.mark.parametrize(
    "fields",
    [
        {"settings": {"threads": 16}},
        {"settings": {"threads": 8, "buffer": "16MB"}},
        {"settings": {"concurrency": 8}},
        {"loader": "tensorizer"},
        {"seconds": None, "printed": "fast"},
    ],
)
def test_another_loader_or_setting_is_another_experiment(fields: dict[str, Any]) -> None:
    assert pairs([one(**fields)], ours(*on_gpu()).summaries) == ()


def test_published_names_are_translated() -> None:
    records = [
        *series(case("safetensors-mmap"), 1, 1, 1, 1, 1, 1),
        *series(case("tensorizer", tunables={"threads": 4}), 1, 1, 1, 1, 1, 1),
    ]
    summaries = ours(*records).summaries
    assert only(pairs([one(loader="safetensors", settings={})], summaries)).summary.number == 1
    assert only(pairs([one(loader="tensorizer", settings={"readers": 4})], summaries)).summary.number == 2


def test_a_ceiling_is_no_contestant() -> None:
    raw = series(case("raw-read", device="cuda:0"), 1, 1, 1, 1, 1, 1)
    assert pairs([one(loader="raw-read", settings={})], ours(*raw).summaries) == ()


def test_the_table_has_the_ratio_or_the_reasons_and_counts_what_it_leaves_out() -> None:
    source = checked(
        figure("a", **ALIKE, label="1"),
        figure("b", **ALIKE | {"cache": "unknown", "clock": "ready"}, label="2"),
        figure("c", **ALIKE | {"loader": "tensorizer"}),
    )
    (table,) = overlay_tables(ours(*on_gpu()), [source])
    assert [row[-2:] for row in table.rows] == [
        ("2.00", ""),
        ("–", "their clock: ready, ours: load; their cache: unknown, ours: cold"),
    ]
    assert table.footnotes[-1] == "1 published figure without a case of the same loader and settings in this run."


def test_the_chart_greys_theirs_where_it_must_not_be_compared() -> None:
    source = checked(figure("a", **ALIKE), figure("b", **ALIKE | {"cache": "unknown"}))
    (named,) = overlay_charts(ours(*on_gpu()), [source])
    assert isinstance(named.chart, Bars)
    alike, here, grey, _ = named.chart.bars
    assert named.chart.label(alike) == "0.5 s, baseline"
    assert named.chart.label(here) == "0.250 s, 2.0× faster"
    assert named.chart.label(grey) == "0.5 s, differs: cache"
    assert "faster" not in named.chart.label(named.chart.bars[3])
    colours = [LIGHT.grey if bar.differs else LIGHT.colour(bar.colour) for bar in (alike, grey)]
    assert colours[0] != colours[1] == LIGHT.grey


def test_nothing_measured_is_no_chart() -> None:
    assert overlay_charts(ours(*on_gpu()), [checked(figure(loader="tensorizer"))]) == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_inside_the_picture(text: str) -> None:
    source = checked(figure("a", **ALIKE | {"gpu": text * 50}, label=text * 50), title=text * 50)
    (named,) = overlay_charts(ours(*on_gpu()), [source])
    assert not outside(named.chart)
    assert not overlapping(named.chart)
