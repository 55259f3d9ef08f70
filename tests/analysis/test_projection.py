"""Cases as a grid: what falls together, what is told about it, and what is compared."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench.analysis.keys import NOT_APPLICABLE, Point, identity_keys, known_keys, points, values_of
from loadbench.analysis.layout import Layout, layout
from loadbench.analysis.projection import Grid, project
from loadbench.analysis.projection_cells import Cell
from loadbench.analysis.summary import summarise
from loadbench.records import Record, Session, Value
from tests.builders import ENVIRONMENT, bad, case, run, series

FAST = (100, 101, 102, 103, 104, 105)
Facts = dict[str, Value]
SLOW = (200, 201, 202, 203, 204, 205)


def points_of(*groups: list[Record], number: int = 0, name: str = "one", around: Facts | None = None) -> list[Point]:
    """One run of these records, on the usual machine but for some facts."""
    records = [record for group in groups for record in group]
    cases = list({record.case.name: record.case for record in records}.values())
    base = run(cases, name=name)
    session = base.sessions[0].model_copy(update={"environment": ENVIRONMENT | (around or {})})
    made = base.model_copy(update={"sessions": [session]})
    return points(number, name, made, summarise(made, records), records)


def grid_of(found: list[Point], rows: str, cols: str = "") -> Grid:
    [grid] = project(found, by(found, rows, cols))
    return grid


def by(found: list[Point], rows: str, cols: str = "") -> Layout:
    return layout(rows.split(",") if rows else (), cols.split(",") if cols else (), found=found)


def cell(grid: Grid, row: Any, column: Any = None) -> Cell:
    return grid.cells[(row,), (column,) if column is not None else ()]


def nogds(threads: int, *times: float, **more: Value) -> list[Record]:
    return series(case(tunables={"threads": threads, **more}), *times)


def test_a_point_knows_its_axes_its_run_and_its_machine() -> None:
    [point] = points_of(nogds(8, *FAST), around={"os.kernel": "6.13"})
    expected = {
        "loader": "fastsafetensors-nogds", "threads": 8, "fastsafetensors-nogds.threads": 8, "buffer": None,
        "cache": "cold", "run": "one", "os.kernel": "6.13", "version.fastsafetensors": "0.5.0", "loadbench": "0.1.0",
        "checkpoint.tensors": 160, "isolation": "fork", "concurrency": NOT_APPLICABLE,
    }  # fmt: skip
    assert {key: point.value(key) for key in expected} == expected
    assert set(expected) - {"concurrency"} <= set(known_keys([point]))


def test_a_session_of_another_environment_is_a_point_of_its_own() -> None:
    records = nogds(8, *FAST)
    later = [record.model_copy(update={"session": 1}) for record in records[3:]]
    base = run([records[0].case])
    second = Session(started_at="later", command=[], environment=ENVIRONMENT | {"version.torch": "9"})
    made = base.model_copy(update={"sessions": [*base.sessions, second]})
    every = [*records[:3], *later]
    found = points(0, "one", made, summarise(made, every), every)
    assert values_of(found, "version.torch") == ("2.13.0", "9")
    together = cell(grid_of(found, "loader"), "fastsafetensors-nogds")
    assert (together.measured.n if together.measured else 0, together.runs) == (6, 1)
    assert together.mixed == {"version.torch": ("2.13.0", "9")}
    apart = grid_of(found, "loader", "version.torch")
    assert [one.measured.n for one in apart.cells.values() if one.measured] == [3, 3]


def test_a_setting_that_was_left_alone_is_a_value_of_its_own() -> None:
    grid = grid_of([*points_of(nogds(16, *FAST), nogds(8, *SLOW), series(case(), *SLOW))], "threads")
    assert grid.rows == ((None,), (8,), (16,))


def test_without_rows_a_row_is_a_case() -> None:
    found = points_of(nogds(8, *FAST, buffer=2**20), nogds(16, *SLOW), series(case("safetensors-mmap"), *SLOW))
    assert by(found, "").rows == ("loader", "tunables")
    assert by(found, "", "loader").rows == ("tunables",)
    assert grid_of(found, "").rows == (
        ("fastsafetensors-nogds", "buffer=1M threads=8"),
        ("fastsafetensors-nogds", "threads=16"),
        ("safetensors-mmap", "default"),
    )
    assert grid_of(found, "", "threads").rows[0] == ("fastsafetensors-nogds", "buffer=1M")


def test_figures_of_different_conditions_never_share_a_table() -> None:
    warm = series(case(cache="warm"), *FAST)
    found = points_of(series(case(), *SLOW), warm)
    assert [grid.condition for grid in project(found, by(found, "loader"))] == [
        ("gpt2", "cold", "cpu", "owned", "auto"),
        ("gpt2", "warm", "cpu", "owned", "auto"),
    ]
    beside = grid_of(found, "loader", "cache")
    assert beside.columns == (("cold",), ("warm",))


def test_different_cases_are_never_pooled() -> None:
    """The cell shows the fastest one, and how many there were, and in what they differ."""
    its = cell(
        grid_of(points_of(nogds(8, *SLOW), nogds(16, *FAST), nogds(32, *SLOW)), "loader"), "fastsafetensors-nogds"
    )
    assert its.measured
    assert its.measured.samples_ns == tuple(ms * 10**6 for ms in FAST)
    assert its.cases == 3
    assert its.residue == {"threads": (8, 16, 32)}
    assert its.mixed == {}


def test_a_case_of_several_runs_is_taken_together_and_that_is_said() -> None:
    one = points_of(nogds(8, *FAST))
    two = points_of(nogds(8, *SLOW), number=1, name="two", around={"os.kernel": "6.13", "version.torch": "9"})
    its = cell(grid_of([*one, *two], "threads"), 8)
    assert its.measured
    assert (its.measured.n, its.cases, its.runs) == (12, 1, 2)
    assert its.mixed == {"run": ("one", "two"), "os.kernel": ("6.12.0", "6.13"), "version.torch": ("2.13.0", "9")}


def test_a_fact_that_one_run_did_not_record_is_no_difference() -> None:
    one = points_of(nogds(8, *FAST))
    two = points_of(nogds(8, *SLOW), number=1, name="two")
    without = {key: value for key, value in two[0].around.items() if key != "os.kernel"}
    grid = grid_of([*one, replace(two[0], around=without)], "threads", "run")
    assert grid.confounded == {}


def test_columns_are_held_against_the_first() -> None:
    one = points_of(nogds(8, *FAST))
    two = points_of(nogds(8, *SLOW), number=1, name="two", around={"machine.id": "m2"})
    grid = grid_of([*one, *two], "threads", "run")
    first, second = cell(grid, 8, "one"), cell(grid, 8, "two")
    assert first.versus is None
    assert second.versus
    assert second.versus.estimate == pytest.approx(1.97, abs=0.02)
    assert second.versus.low < second.versus.estimate < second.versus.high
    assert second.told_apart is True
    assert (grid.tested, grid.across_runs) == (1, True)
    assert grid.confounded == {"machine.id": ("m1", "m2")}


def test_columns_of_one_run_are_not_across_runs() -> None:
    grid = grid_of(points_of(nogds(8, *FAST), nogds(16, *SLOW)), "loader", "threads")
    assert not grid.across_runs
    assert grid.confounded == {}


def test_holm_is_over_all_comparisons_of_a_column() -> None:
    """6 against 6, all slower: p = 2 / 924. That is enough among 23, and among 24 nothing can be."""
    for rows, told in ((23, True), (24, None)):
        one = points_of(*(nogds(n, *FAST) for n in range(rows)))
        two = points_of(*(nogds(n, *SLOW) for n in range(rows)), number=1, name="two")
        grid = grid_of([*one, *two], "threads", "run")
        assert {its.told_apart for (_, column), its in grid.cells.items() if column == ("two",)} == {told}
        assert grid.tested == (23 if told else 0)


def test_a_column_is_a_question_of_its_own() -> None:
    runs = [points_of(nogds(8, *FAST))]
    runs += [points_of(nogds(8, *SLOW), number=number, name=f"run{number}") for number in range(1, 31)]
    grid = grid_of([point for found in runs for point in found], "threads", "run")
    assert [its.told_apart for its in grid.cells.values()] == [None, *[True] * 30]


def test_columns_of_loaders_may_have_tunables_of_their_own() -> None:
    found = points_of(nogds(8, *FAST), series(case("runai-streamer", tunables={"concurrency": 8}), *SLOW))
    assert not any(its.unlike for its in grid_of(found, "cache", "loader").cells.values())


def test_a_tunable_that_the_loader_did_not_have_in_one_run_is_a_difference() -> None:
    plain = series(case(), *FAST)
    base = run([case()], loaders={})
    one = points(0, "one", base, summarise(base, plain), plain)
    two = points_of(nogds(8, *SLOW), number=1, name="two")
    assert cell(grid_of([*one, *two], "loader", "run"), "fastsafetensors-nogds", "two").unlike == ("threads",)


def test_columns_of_checkpoints_are_not_said_to_differ_in_contents() -> None:
    one, two = points_of(nogds(8, *FAST)), points_of(series(case(checkpoint="other"), *SLOW))
    changed = [replace(point, own={**point.own, "checkpoint.digest": "beef"}) for point in two]
    grid = grid_of([*one, *changed], "loader", "checkpoint")
    assert grid.confounded == {}
    assert cell(grid, "fastsafetensors-nogds", "other").unlike == ("threads",)


def test_few_trials_have_a_ratio_and_no_verdict() -> None:
    grid = grid_of(points_of(nogds(8, *FAST[:5]), nogds(16, *SLOW)), "loader", "threads")
    its = cell(grid, "fastsafetensors-nogds", 16)
    assert its.versus
    assert its.versus.estimate == pytest.approx(202.5 / 102)
    assert (its.told_apart, its.versus.low, grid.tested) == (None, 0.0, 0)


def test_a_ratio_between_different_cases_is_told() -> None:
    """The column says run, but the fastest case of the second run has other threads."""
    one = points_of(nogds(8, *FAST), nogds(16, *SLOW))
    two = points_of(nogds(8, *SLOW), nogds(16, *FAST), number=1, name="two")
    assert cell(grid_of([*one, *two], "loader", "run"), "fastsafetensors-nogds", "two").unlike == ("threads",)
    apart = grid_of([*one, *two], "loader,threads", "run")
    assert not any(its.unlike for its in apart.cells.values())


def test_checkpoints_of_one_name_and_different_contents_are_different_cases() -> None:
    one, two = points_of(nogds(8, *FAST)), points_of(nogds(8, *SLOW), number=1, name="two")
    other = [replace(point, own={**point.own, "checkpoint.digest": "beef"}) for point in two]
    its = cell(grid_of([*one, *other], "threads"), 8)
    assert its.cases == 2
    assert its.residue == {"checkpoint.digest": ("xxh3_128:feed", "beef")}
    assert cell(grid_of([*one, *other], "threads", "run"), 8, "two").unlike == ("checkpoint.digest",)


def test_ceilings_stand_only_where_the_loader_is_told() -> None:
    raw = series(case("raw-read", tunables={"threads": 8}), *(ms / 10 for ms in FAST))
    found = points_of(raw, nogds(8, *SLOW))
    assert cell(grid_of(found, "threads"), 8).cases == 1
    assert len(grid_of(found, "loader").rows) == 2
    assert cell(grid_of(points_of(raw), "threads"), 8).cases == 1


def test_a_cell_without_a_figure_is_a_cell_and_is_not_compared() -> None:
    found = points_of(nogds(8, *FAST), [bad(case(tunables={"threads": 16}), 1, "failed", "crash")])
    grid = grid_of(found, "loader", "threads")
    its = cell(grid, "fastsafetensors-nogds", 16)
    assert (its.measured, its.cases, its.versus) == (None, 0, None)
    assert grid.tested == 0


def test_what_identifies_a_machine_is_not_what_is_read_off_it_each_time() -> None:
    found = points_of(nogds(8, *FAST), around={"load.average_1min": 3.0, "gpu.0.name": "X", "version.loadbench": "1"})
    keys = identity_keys(found)
    assert {"machine.id", "os.kernel", "gpu.0.name", "version.torch", "loadbench"} <= set(keys)
    assert not {"load.average_1min", "version.loadbench", "machine.boot_id"} & set(keys)


@settings(deadline=None, max_examples=40)
@given(st.permutations([1, 2, 4, 8]), st.sampled_from(["threads", "loader", "run", "tunables"]))
def test_every_point_is_in_exactly_one_cell_and_the_order_of_runs_changes_no_figure(order: list[int], key: str) -> None:
    groups = [nogds(threads, *(time * threads for time in FAST)) for threads in order]
    found = points_of(*groups)
    grid = grid_of(found, key)
    assert sum(its.cases for its in grid.cells.values()) == len(order)
    assert min(its.measured.median_ns for its in grid.cells.values() if its.measured) == 102_500_000
    if key == "threads":
        assert grid.rows == ((1,), (2,), (4,), (8,))
