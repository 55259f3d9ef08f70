"""Trends: what is in the series, what changed at a step, and the whole document."""

import json

import pytest

from loadbench.charts.trend_charts import trend_charts
from loadbench.gate.measured_run import MeasuredRun, measured_run
from loadbench.report.markdown import markdown
from loadbench.report.trend import MachineTrend, trends
from loadbench.report.trend_json import trend_json
from loadbench.report.trend_tables import CASES_TITLE, trend_document
from tests.builders import LOADERS, bad, case, loader_info, series
from tests.gate.stored_runs import MMAP, NOGDS, PREAD, measured, stored_run, times
from tests.report.test_golden import compare

NEW = {**LOADERS, "safetensors-mmap": loader_info(safetensors="0.9.0")}


def stepped(days: int = 12, at: int = 7) -> list[MeasuredRun]:
    """mmap became 20 % slower on a day, with a version and a kernel; nogds did not."""
    return [
        measured(day, (MMAP, 500), (NOGDS, 300))
        if day < at
        else measured(day, (MMAP, 600), (NOGDS, 300), loaders=NEW, environment={"os.kernel": "6.13.0"})
        for day in range(1, days + 1)
    ]


def one(runs: list[MeasuredRun]) -> MachineTrend:
    (found,) = trends(runs)
    return found


def test_a_step_has_its_date_and_what_changed() -> None:
    found = one(stepped()[::-1])
    mmap, nogds = found.cases
    (step,) = mmap.steps
    assert step.after.run.name == "run-07"
    assert step.step.change == pytest.approx(0.2, abs=0.02)
    assert [change.text for change in step.changes] == ["safetensors 0.8.0 → 0.9.0", "os.kernel 6.12.0 → 6.13.0"]
    assert nogds.steps == ()
    assert nogds.levels.noise is not None
    assert nogds.levels.noise < 0.01


def test_the_document() -> None:
    compare(markdown(trend_document(one([*stepped(), measured(13, (MMAP, 600), (PREAD, 700))]))), "trend.md")


def test_the_json_is_whole_and_finite() -> None:
    found = json.loads(trend_json(trends(stepped())), parse_constant=pytest.fail)
    (machine,) = found["machines"]
    assert found["trend_version"] == 1
    assert len(machine["runs"]) == 12
    mmap = machine["cases"][0]
    assert [point["run"] for point in mmap["points"]] == [f"run-{day:02}" for day in range(1, 13)]
    assert mmap["points"][-1]["versions"] == {"safetensors": "0.9.0"}
    assert mmap["steps"][0]["changes"][0] == {"name": "version.safetensors", "before": "0.8.0", "after": "0.9.0"}


def test_the_chart_marks_the_step_and_says_so() -> None:
    (named,) = trend_charts(one(stepped()))
    assert named.beside == CASES_TITLE
    assert "safetensors-mmap default" in named.chart.describe()
    assert "at 01-07 00:00" in named.chart.describe()


def test_each_machine_has_its_own() -> None:
    there = [measured(day, (MMAP, 900), environment={"machine.id": "m2"}) for day in (1, 2)]
    assert [len(found.runs) for found in trends([*stepped(), *there])] == [12, 2]


def test_copies_count_once_and_what_decides_nothing_is_left_out_by_name() -> None:
    runs = stepped()
    noise = [bad(MMAP, round, "disturbed", "cpu: others", attempt=2) for round in range(1, 8)]
    disturbed = measured_run(stored_run(13, [*series(MMAP, *times(900, 1)), *noise]))
    found = one([*runs, runs[2], disturbed])
    assert len(found.runs) == 12
    assert found.notes == ("left out: run-13 of 2026-01-13T00:00:00+00:00: 7 of 17 trials were disturbed (7 × cpu)",)


def test_all_runs_left_out_is_a_document_too() -> None:
    found = one([measured(1, (MMAP, 500), ended="interrupted")])
    assert "No case is in two runs" in markdown(trend_document(found))
    assert list(trend_charts(found)) == []


def test_other_bytes_are_another_case() -> None:
    runs = stepped(10, at=20)
    info = runs[0].run.checkpoints["gpt2"].model_copy(update={"digest": "xxh3_128:other"})
    others = [measured(day, (MMAP, 900), checkpoints={"gpt2": info}) for day in range(11, 20)]
    found = [trend for trend in one([*runs, *others]).cases if trend.case.loader == MMAP.loader]
    assert [(len(trend.points), trend.steps) for trend in found] == [(10, ()), (9, ())]


def test_cases_of_one_run_are_counted_and_ceilings_marked() -> None:
    raw = case("raw-read")
    runs = [measured(day, (MMAP, 500), (raw, 200)) for day in (1, 2)]
    text = markdown(trend_document(one([*runs, measured(3, (MMAP, 500), (PREAD, 1))])))
    assert "1 case in one run only" in text
    assert "raw-read gpt2 cold cpu owned (ceiling)" in text
