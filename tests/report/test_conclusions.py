"""What the report concludes beside the contests: ceilings, knees, what a run can tell apart, what is in doubt."""

import csv
import io
import json
from typing import Any

import pytest

from loadbench.records import CheckpointInfo, Record
from loadbench.report import machine_readable
from loadbench.report.document import document
from loadbench.report.findings import find
from loadbench.report.resolution import Resolution, resolution_text
from tests.builders import GPT2_BYTES, bad, case, ceiling, example, ok, run, series, stored
from tests.report.reports import column, report, table

COLD, WARM = case(), case(cache="warm")
GPU = "cuda:0"


def test_the_ceilings_have_a_table_for_each_checkpoint() -> None:
    info = run([]).checkpoints["gpt2"]
    large = CheckpointInfo.model_validate(info.model_dump() | {"payload_bytes": 10 * GPT2_BYTES})
    ceilings = [
        ceiling("storage", 400, threads=1),
        ceiling("storage", 190, 200, 210, threads=8, block=4 * 2**20),
        ceiling("link, pinned", 50, device=GPU),
        ceiling("memory", 30),
    ]
    sentinel = case("raw-read", tunables={"threads": 8})
    made = run([sentinel], checkpoints={"gpt2": info, "large": large}, ceilings=ceilings)
    found = document(find(stored(made, series(sentinel, *[195] * 6))))
    one, other = table(found, "Ceilings: gpt2"), table(found, "Ceilings: large")
    assert list(zip(column(one, "Ceiling"), column(one, "Settings"), column(one, "Time (s)"), strict=True)) == [
        ("storage", "block=4M threads=8", "0.200"),
        ("memory", "", "0.0300"),
        ("link, pinned (cuda:0)", "", "0.0500"),
        ("storage (test 1)", "threads=8", "0.195"),
    ]
    assert column(one, "GB/s")[0] == "2.74"
    assert column(one, "Spread (s)") == ["0.190–0.210†", "–", "–", "0.195–0.195"]
    assert column(one, "n") == ["3", "1", "1", "6"]
    assert column(other, "Ceiling") == ["memory", "link, pinned (cuda:0)"], "its files were not read"
    assert column(other, "Time (s)") == ["0.300", "0.500"]
    assert not any(table.title.startswith("Ceilings") for table in report(series(COLD, 5)).tables)


def threads(medians: dict[int, float], **fields: Any) -> list[list[Record]]:
    return [series(case(tunables={"threads": n, "buffer": 2**20}, **fields), ms) for n, ms in medians.items()]


def knees(*groups: list[Record]) -> list[str]:
    found = table(report(*groups, rounds=1), "fastsafetensors-nogds")
    return [note for note in found.footnotes if note.startswith("Knee")]


def test_a_knee_is_where_more_stops_to_pay() -> None:
    note = "Knee, cold: threads: beyond 16 less than 3 % gain, other settings as in #3."
    assert knees(*threads({8: 200, 16: 101, 32: 100})) == [note]
    assert knees(*threads({8: 400, 16: 200, 32: 100})) == [
        "Knee, cold: threads: still gaining at 32, the largest tried, other settings as in #3."
    ]


def test_a_knee_needs_3_values_that_differ_in_nothing_else() -> None:
    assert knees(*threads({8: 200, 16: 100})) == []
    other_buffer = series(case(tunables={"threads": 32, "buffer": 2**21}), 300)
    assert knees(*threads({8: 200, 16: 100}), other_buffer) == []
    other_loader = series(case("runai-streamer", tunables={"threads": 32, "buffer": 2**20}), 300)
    assert knees(*threads({8: 200, 16: 100}), other_loader) == []
    by_default = series(case(tunables={"threads": None, "buffer": 2**20}), 50)
    assert knees(*threads({8: 400, 16: 200, 32: 100}), by_default) == [], "the best case has no value on the axis"
    text = [series(case(tunables={"io": name}), ms) for name, ms in (("a", 3), ("b", 2), ("c", 1))]
    assert knees(*text) == []


def test_each_condition_has_a_knee_of_its_own() -> None:
    cold, warm = (
        threads({8: 300, 16: 200, 32: 100}),
        threads({8: 99, 16: 100, 32: 101}, cache="warm", contract="stream"),
    )
    assert knees(*cold, *warm) == [
        "Knee, cold: threads: still gaining at 32, the largest tried, other settings as in #3.",
        "Knee, warm, stream: threads: beyond 8 less than 3 % gain, other settings as in #4.",
    ]


def test_what_a_run_can_tell_apart_is_among_its_facts() -> None:
    times = 100, 101, 102, 103, 104, 105
    fact = dict(report(series(COLD, *times), series(case("safetensors-mmap"), *times)).facts)["Tells apart"]
    assert fact.startswith("smallest difference of two cases found in 80 % of runs like this: ")
    assert fact.endswith(" % cold (n = 6 each)")
    assert "Tells apart" not in dict(report([bad(COLD, 1, "failed", "x")]).facts)


def test_a_wider_scatter_tells_less_apart() -> None:
    def smallest(spread: float) -> float:
        times = [100 + spread * step for step in range(6)]
        records = series(COLD, *times) + series(case("safetensors-mmap"), *times)
        [one] = find(stored(run([COLD]), records)).resolutions
        assert one.detectable is not None
        return one.detectable

    assert smallest(0.5) < smallest(2) < smallest(10)


def test_ceilings_and_the_other_cache_state_say_nothing_about_what_can_be_told_apart() -> None:
    wild = 100, 900, 200, 800, 300, 700
    steady = series(COLD, *range(100, 106)) + series(case("safetensors-mmap"), *range(100, 106))
    alone = find(stored(run([COLD]), steady)).resolutions
    beside = find(stored(run([COLD]), steady + series(case("raw-read"), *wild) + series(WARM, *wild))).resolutions
    assert alone[0] == beside[0]
    assert [one.cache for one in beside] == ["cold", "warm"]


def test_the_smallest_and_the_median_n_are_both_told() -> None:
    found = [
        Resolution("cold", 6, 0.0812),
        Resolution("warm", 6, 0.03),
        Resolution("cold", 9, 0.2),
        Resolution("warm", 3, None),
    ]
    assert resolution_text(found) == "none warm (n = 3 each); 8.2 % cold, 3 % warm (n = 6 each); 20 % cold (n = 9 each)"
    assert resolution_text([Resolution("cold", 6, None)]) == "unknown cold (n = 6 each)", "too few residuals"


def test_disturbed_trials_are_counted_by_cause() -> None:
    records = [
        *series(COLD, *range(100, 109)),
        *(bad(COLD, 10, "disturbed", f"cpu: others used {n}% of the time", attempt=n) for n in (1, 2)),
        ok(COLD, 10, 100, attempt=3),
    ]
    skipped = [bad(case("fastsafetensors-gds"), 0, "skipped", "no GPU")]
    found = report(records, skipped)
    assert dict(found.facts)["Disturbed"] == "2 of 12 trials (2 × cpu), not counted"
    rows = table(found, "Not counted")
    assert [column(rows, name)[:1] for name in ("Trials", "Of them repeated", "Reason")] == [
        ["2"],
        ["2"],
        ["cpu: others used 1% of the time (and 1 other reason like it)"],
    ]


def test_failures_for_different_reasons_stay_apart() -> None:
    rows = table(report([bad(COLD, 1, "failed", "cpu: a"), bad(COLD, 2, "failed", "cpu: b")]), "Not counted")
    assert column(rows, "Reason") == ["cpu: a", "cpu: b"]


@pytest.mark.parametrize(
    "warning",
    [
        "the machine drifted: raw-read gpt2 warm cpu owned buffer=1M direct=false threads=4 was 9 % slower at the end",
        "1 case not as precise as wanted: see the notes",
        "the time budget of 20 min was up: 26 planned trials not recorded",
    ],
)
def test_the_example_warns_of_what_is_wrong_with_it(warning: str) -> None:
    found = find(example()).warnings
    assert any(text.startswith(warning) for text in found)
    assert not any("UNSTEADY" in text for text in found), "only a sentinel is, and its drift is told"


def test_unsteady_cases_that_chance_explains_are_no_warning() -> None:
    unsteady = series(COLD, 100, 110, 120, 118, 130, 150)
    steady = [series(case(f"loader-{n}"), 5, 6, 5, 6, 5, 6) for n in range(19)]
    assert not any("UNSTEADY" in text for text in report(unsteady, *steady).warnings)
    assert "1 of 19 cases UNSTEADY over the run: see the notes" in report(unsteady, *steady[1:]).warnings
    assert not any("drifted" in text for text in report(unsteady).warnings), "that is for sentinels"


def test_the_plan_tells_its_ladder_its_sentinels_and_its_budget() -> None:
    assert dict(document(find(example())).repeat)["Plan"] == (
        "11 cases (2 sentinels among them) × up to 9 rounds, a case stops at ±5 % cold, ±3 % warm after 6, 9 rounds, "
        "time budget 20 min, order from seed 7"
    )


def values() -> tuple[Any, list[dict[str, str]]]:
    findings = find(example())
    rows = list(csv.DictReader(io.StringIO(machine_readable.as_csv([findings]))))
    return json.loads(machine_readable.as_json([findings]))["runs"][0], rows


def test_programs_get_the_same_conclusions() -> None:
    report, rows = values()
    cases = report["cases"]
    assert [case["in_top_set"] for case in cases][:8] == [True, True, None, None, False, False, False, None]
    assert [row["in_top_set"] for row in rows][:8] == ["true", "true", "", "", "false", "false", "false", ""]
    assert cases[0]["bounds"] == {
        "lower_ns": 202_500_000,
        "stage": "storage",
        "sum_ns": 202_500_000,
        "stages_ns": {"storage": 202_500_000},
    }
    assert (rows[0]["bound_ns"], rows[0]["bound_stage"], rows[0]["bottleneck"]) == ("202500000", "storage", "storage")
    assert cases[7]["times_best"]["low"] is None, "4 trials have no interval"
    assert (rows[7]["times_best"], rows[7]["times_best_low"], rows[7]["times_best_high"]) == ("2.063655", "", "")
    assert cases[5]["precision"] == {"reached": pytest.approx(0.2416, abs=1e-4), "wanted": 0.05}
    assert cases[5]["measured"]["outliers"] == [4]
    assert rows[5]["outliers"] == "1"
    assert cases[10]["measured"]["trend"]["unsteady"] is True
    assert rows[10]["unsteady"] == "true"
    assert [case["is_sentinel"] for case in cases] == [False] * 9 + [True] * 2
    assert [(one["kind"], one["test"]) for one in report["ceilings"]][2:] == [
        ("memory", None),
        ("storage", 10),
        ("page cache", 11),
    ]
    assert report["knees"] == [{"test": 7, "tunable": "concurrency", "value": 8, "largest": 16}]
    assert [one["n"] for one in report["detectable"]] == [1, 6, 3]
    assert report["best_observed"][0]["top_set_tests"] == [1, 2]


def test_a_round_that_is_recorded_twice_is_a_warning() -> None:
    """As where a file of records was appended to itself: the interval takes them for trials of their own."""
    once = series(COLD, 5, 6, 5, 6, 5, 6)
    assert not any("more than once" in text for text in report(once).warnings)
    assert "rounds are recorded more than once in 1 case: see the notes" in report(once + once).warnings
