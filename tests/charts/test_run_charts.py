"""The charts that a run's findings give."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from loadbench.charts.chart import NamedChart
from loadbench.charts.drift import Drift
from loadbench.charts.files import slug, write_charts
from loadbench.charts.heatmap import HeatMap
from loadbench.charts.lines import Lines
from loadbench.charts.run_charts import run_charts
from loadbench.charts.stacks import Stacks
from loadbench.charts.strip import Strip
from loadbench.errors import StoreError
from loadbench.records import Case, Plan, Record
from loadbench.report.document import document
from loadbench.report.findings import find
from loadbench.store import read_run
from tests.builders import MS, bad, case, ceiling, example, ok, run, series, stored
from tests.charts.drawn import outside, overlapping
from tests.report.test_hostile_text import HOSTILE, hostile

ROOT = Path(__file__).parents[2]


def charts(records: Iterable[Record], **fields: Any) -> dict[str, NamedChart]:
    kept = list(records)
    cases = list({record.case.name: record.case for record in kept}.values())
    return {one.name: one for one in run_charts(find(stored(run(cases, **fields), kept)))}


def grid(*, threads: Iterable[int], buffers: Iterable[int], **others: int) -> list[Case]:
    return [case(tunables={"threads": t, "buffer": b * 2**20} | others) for t in threads for b in buffers]


def with_events(record: Record, **events: int) -> Record:
    assert record.timing is not None
    timing = record.timing.model_copy(update={"events": {name: ms * MS for name, ms in events.items()}})
    return record.model_copy(update={"timing": timing})


def test_the_example_has_a_strip_for_each_condition_and_the_drift() -> None:
    found = run_charts(find(example()))
    assert [one.name for one in found] == [
        "best gpt2 cold",
        "concurrency gpt2 cold",
        "best gpt2 warm",
        "best gpt2 cold",
        "drift gpt2",
    ]
    titles = {table.title for table in document(find(example())).tables}
    assert {one.beside for one in found} <= titles


def test_a_strip_has_the_best_of_each_loader_with_every_trial_and_the_ceiling() -> None:
    strip = run_charts(find(example()))[0].chart
    assert isinstance(strip, Strip)
    assert [row.name for row in strip.rows] == [
        "raw-read (ceiling)",
        "fastsafetensors-nogds",
        "runai-streamer",
        "safetensors-mmap",
    ]
    raw, nogds, _, mmap = strip.rows
    assert raw.aside
    assert list(nogds.values) == [0.243, 0.246, 0.244, 0.251, 0.242, 0.24]
    assert (nogds.median, nogds.interval, nogds.detail) == (0.2435, (0.24, 0.251), "buffer=8M threads=8")
    assert nogds.text.startswith("0.243 s, 2.25 GB/s, ")
    assert mmap.interval is None
    (ceiling_line,) = strip.references
    assert ceiling_line.text == "storage ceiling, 0.203 s"
    assert ceiling_line.value == pytest.approx(0.2025)


def test_names_stand_out_only_where_a_top_set_has_several() -> None:
    tied = charts([*series(case("a"), 10, 11, 12, 13, 14, 15), *series(case("b"), 10, 11, 12, 13, 14, 16)])
    alone = charts([*series(case("a"), 10, 11, 12, 13, 14, 15), *series(case("b"), 100, 110, 120, 130, 140, 160)])
    for found, strong in ((tied, [True, True]), (alone, [False, False])):
        strip = found["best gpt2 cold"].chart
        assert isinstance(strip, Strip)
        assert [row.strong for row in strip.rows] == strong
        assert ("Bold" in strip.head.note) == strong[0]


def test_two_swept_settings_give_a_heat_map_and_a_line_for_each() -> None:
    cases = grid(threads=(8, 16, 2), buffers=(8, 32))
    records = [record for number, one in enumerate(cases) for record in series(one, *[100 + 50 * number] * 6)]
    found = charts(records)
    assert list(found) == ["best gpt2 cold", "threads gpt2 cold", "buffer gpt2 cold", "fastsafetensors-nogds gpt2 cold"]
    heat = found["fastsafetensors-nogds gpt2 cold"].chart
    assert isinstance(heat, HeatMap)
    assert (heat.rows, heat.columns) == (["2", "8", "16"], ["8M", "32M"])
    assert [[cell and cell.value for cell in row] for row in heat.cells] == [[0.3, 0.35], [0.1, 0.15], [0.2, 0.25]]
    assert heat.x_axis == "buffer (bytes; M is MiB)"
    threads, buffers = found["threads gpt2 cold"].chart, found["buffer gpt2 cold"].chart
    assert isinstance(threads, Lines)
    assert isinstance(buffers, Lines)
    assert [(point.x, point.y) for point in threads.lines[0].points] == [(2, 0.3), (8, 0.1), (16, 0.2)]
    assert [(point.x, point.y) for point in buffers.lines[0].points] == [(8 * 2**20, 0.1), (32 * 2**20, 0.15)]
    assert dict(buffers.ticks) == {8 * 2**20: "8M", 32 * 2**20: "32M"}


def test_a_heat_map_outlines_the_top_set_and_leaves_a_case_without_figure_empty() -> None:
    cases = grid(threads=(1, 2), buffers=(8, 16))
    times = (100, 100.1, 500)
    records = [record for one, ms in zip(cases, times, strict=False) for record in series(one, *[ms] * 6)]
    heat = charts([*records, bad(cases[3], 1, "failed", "boom")])["fastsafetensors-nogds gpt2 cold"].chart
    assert isinstance(heat, HeatMap)
    assert [[cell and cell.top for cell in row] for row in heat.cells] == [[True, True], [False, None]]


def test_a_third_setting_is_kept_as_in_the_best_case_and_said() -> None:
    cases = [one for queue in (1, 2) for one in grid(threads=(1, 2, 4), buffers=(8, 16, 32), queue=queue)]
    records = [record for number, one in enumerate(cases) for record in series(one, *[500 - number] * 6)]
    heat = charts(records)["fastsafetensors-nogds gpt2 cold"].chart
    assert isinstance(heat, HeatMap)
    assert heat.head.note.endswith("With queue=2, as in its best case.")
    assert heat.cells[2][2] is not None
    assert heat.cells[2][2].value == pytest.approx(0.483)


def test_one_value_is_no_sweep() -> None:
    assert list(charts(series(case(tunables={"threads": 8}), *[100] * 6))) == ["best gpt2 cold"]


def test_loaders_that_sweep_the_same_setting_share_a_chart() -> None:
    cases = [case(name, tunables={"threads": n}) for name in ("a", "b") for n in (1, 2)]
    found = charts(record for one in cases for record in series(one, *[100] * 6))
    lines = found["threads gpt2 cold"].chart
    assert isinstance(lines, Lines)
    assert [(line.name, len(line.points), line.colour) for line in lines.lines] == [("a", 2, 0), ("b", 2, 1)]


def test_phases_are_those_of_the_middle_trial_and_sum_to_it() -> None:
    events = {"spawned": 0, "load_called": 300, "opened": 310, "first_tensor": 350, "last_tensor": 395}
    trials = [
        with_events(ok(case(), round, load), **events | {"synchronised": 300 + load})
        for round, load in enumerate((100, 200, 900), 1)
    ]
    stacks = charts(trials, rounds=3)["phases gpt2 cold"].chart
    assert isinstance(stacks, Stacks)
    assert stacks.parts[0] == "prepare"
    (stack,) = stacks.stacks
    assert list(stack.values) == pytest.approx([0.2, 0.01, 0.04, 0.045, 0.105])
    assert stack.text == "0.200"


def test_an_event_that_a_loader_did_not_mark_joins_two_phases() -> None:
    trial = with_events(ok(case(), 1, 100), load_called=300, first_tensor=350, last_tensor=395, synchronised=400)
    stacks = charts([trial], rounds=1)["phases gpt2 cold"].chart
    assert isinstance(stacks, Stacks)
    assert stacks.stacks[0].values[1] is None
    assert sum(value for value in stacks.stacks[0].values[1:] if value) == pytest.approx(0.1)


def test_sentinels_are_shown_beside_their_median_and_say_where_they_drift() -> None:
    raw = case("raw-read", tunables={"threads": 2})
    plan = Plan(cases=[raw], rounds=8, sentinels=[raw], seed=7, timeout_s=600)
    found = charts(series(raw, *range(100, 180, 10)), plan=plan, ceilings=[ceiling("storage", 100)])
    drift = found["drift gpt2"].chart
    assert isinstance(drift, Drift)
    (track,) = drift.tracks
    assert list(track.rounds) == list(range(1, 9))
    assert track.values[0] == pytest.approx(100 / 135 - 1)
    assert track.name.startswith("cold raw-read threads=2: ")
    assert "slower at the end of the run" in track.name


@pytest.mark.parametrize(
    "records",
    [[], [bad(case(), 1, "failed", "boom")], [bad(case(), 0, "skipped", "no GPU")]],
    ids=["no trial", "only failures", "skipped"],
)
def test_a_run_without_figures_has_no_charts(records: list[Record]) -> None:
    assert run_charts(find(stored(run([case()]), records))) == ()


def test_one_trial_gives_a_chart_without_an_interval() -> None:
    strip = charts([ok(case(), 1, 123)], rounds=1)["best gpt2 cold"].chart
    assert isinstance(strip, Strip)
    assert (strip.rows[0].interval, list(strip.rows[0].values)) == (None, [0.123])
    assert outside(strip) == []
    assert overlapping(strip) == []


def test_the_charts_of_a_recorded_run_are_drawn_without_collisions() -> None:
    found = run_charts(find(read_run(ROOT / "results" / "vm-2cpu" / "gpt2")))
    assert len(found) == 11
    for one in found:
        assert outside(one.chart) == [], one.name
        assert overlapping(one.chart) == [], one.name


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_hostile_names_are_files_of_letters_and_inside_the_pictures(tmp_path: Path, name: str) -> None:
    found = run_charts(hostile(name))
    assert found
    for one in found:
        assert outside(one.chart) == []
    (first, *_) = write_charts(found[:1], tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        first.path(theme, ending).name for theme in ("light", "dark") for ending in ("svg", "png")
    )
    assert all(set(file.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") for file in tmp_path.iterdir())
    assert first.alt.isprintable()


def test_a_slug_is_safe_and_never_empty() -> None:
    assert slug("Best: gpt2/../x cold") == "best-gpt2-x-cold"
    assert slug("שלום") == "chart"
    assert slug("x" * 500) == "x" * 60


def test_charts_that_cannot_be_written_are_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Cannot make"):
        write_charts([], tmp_path / "file" / "below")
