"""Runs side by side: whole documents, marks, warnings, and what is refused."""

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from loadbench import store
from loadbench.cli.report_write import write_projection
from loadbench.errors import UsageError
from loadbench.records import Record, Run
from loadbench.report.document import document
from loadbench.report.findings import Findings, find
from loadbench.report.projection import Projection, projection, projection_document
from loadbench.report.selection import only
from loadbench.report.tables import Table
from loadbench.report.terminal import print_document
from tests.builders import bad, case, example, run, series, stored
from tests.report.reports import column, table
from tests.report.test_golden import compare
from tests.report.test_hostile_text import for_any_text, hostile

OLD = Path(__file__).parent.parent / "results"
FAST = (100, 101, 102, 103, 104, 105)
SLOW = (200, 201, 202, 203, 204, 205)


def runs_of(**groups: list[list[Record]]) -> list[Findings]:
    """A run of each name."""
    runs = {name: [record for records in lists for record in records] for name, lists in groups.items()}
    return [find(stored(_run(name, records), records)) for name, records in runs.items()]


def _run(name: str, records: list[Record]) -> Run:
    return run(list({record.case.name: record.case for record in records}.values()), name=name)


def mixed_formats() -> list[Findings]:
    """Runs of format 1 and 2, and the example of this one."""
    return [find(store.read_run(OLD / f"v{version}")) for version in (1, 2)] + [find(example())]


def text_of(found: Projection, kind: str, width: int = 80) -> str:
    file = io.StringIO()
    if kind != "terminal":
        write_projection(found, kind, file)
        return file.getvalue()
    print_document(projection_document(found), Console(file=file, width=width))
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def only_table(found: Projection) -> Table:
    [single] = projection_document(found).tables
    return single


def nogds(threads: int, *times: float) -> list[Record]:
    return series(case(tunables={"threads": threads}), *times)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("projection-80.txt", "terminal"), ("projection-160.txt", "terminal"), ("projection.md", "markdown"),
        ("projection.json", "json"), ("projection.csv", "csv"),
    ],
)  # fmt: skip
def test_runs_of_all_formats_side_by_side(name: str, kind: str) -> None:
    found = projection(mixed_formats(), "loader,cache", "run", [])
    width = int(name.partition("-")[2].partition(".")[0] or 80)
    got = text_of(found, kind, width)
    compare(got.replace(f"{OLD}/", "tests/results/"), name)


@pytest.mark.parametrize("name", ["projection-example-80.txt", "projection-example.md"])
def test_settings_of_one_run_side_by_side(name: str) -> None:
    found = projection([find(example())], "threads", "buffer", ["loader=fastsafetensors-nogds"])
    compare(text_of(found, "markdown" if name.endswith("md") else "terminal"), name)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160, 300])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    found = projection(mixed_formats(), None, "run", [])
    assert all(len(line) <= width for line in text_of(found, "terminal", width).splitlines())


def test_marks_stand_beside_the_figures_that_they_are_about() -> None:
    runs = runs_of(a=[nogds(8, *FAST), nogds(16, *SLOW)], b=[nogds(8, *SLOW), nogds(16, *FAST)])
    found = projection(runs, "loader", "run", [])
    shown = only_table(found)
    assert column(shown, "a (s)") == ["0.102*"]
    assert column(shown, "b (s)") == ["0.102*"]
    assert column(shown, "b × a") == ["~ 1.00 [0.97, 1.03]!"]
    assert column(shown, "b: case") == ["fastest of 2 cases: threads=16"]
    assert [note[0] for note in shown.footnotes] == ["×", "~", "T", "*", "!"]
    assert found.warnings[0] == (
        "2 cells hold several cases, of which the fastest is shown: they differ in threads (8, 16). "
        "Add threads to --rows or --cols, or take one by --filter threads=16"
    )
    assert found.warnings[1].startswith("1 ratio is between different cases: they differ in threads")


def test_runs_taken_together_are_marked_and_warned_of() -> None:
    found = projection(runs_of(a=[nogds(8, *FAST)], b=[nogds(8, *SLOW)]), "threads", None, [])
    assert column(only_table(found), "Load (s)") == ["0.152+"]
    assert found.warnings[0] == (
        "1 cell holds trials that differ in run (a, b), taken together. Add run to --rows or --cols"
    )


def test_nothing_is_warned_of_where_every_cell_is_one_case_of_one_run() -> None:
    found = projection(runs_of(a=[nogds(8, *FAST), nogds(16, *SLOW)]), "threads", "loader", [])
    assert found.warnings == ()
    assert not any(note[0] in "*+?!" for note in only_table(found).footnotes)


def test_only_ratios_between_runs_are_doubted_as_such() -> None:
    def says(found: Projection) -> bool:
        return any("between runs" in note for note in only_table(found).footnotes)

    assert says(projection(runs_of(a=[nogds(8, *FAST)], b=[nogds(8, *SLOW)]), "threads", "run", []))
    assert not says(projection(runs_of(a=[nogds(8, *FAST), nogds(16, *SLOW)]), "loader", "threads", []))


def test_what_its_own_report_doubts_is_doubted_here() -> None:
    rising = series(case(), *(100 + 20 * step for step in range(9)))
    unverified = series(case("safetensors-mmap"), *FAST, state="warm")
    shown = only_table(projection(runs_of(a=[rising, unverified]), "loader", None, []))
    assert column(shown, "Load (s)") == ["0.180?", "0.102?"]


def test_the_warnings_of_a_run_stand_here_with_its_name() -> None:
    disturbed = [bad(case(), round, "disturbed", "cpu: busy") for round in range(1, 9)]
    found = projection(runs_of(a=[nogds(8, *FAST), disturbed], b=[nogds(8, *FAST)]), "threads", "run", ["threads=8"])
    assert any(warning.startswith("a: INCONCLUSIVE") for warning in found.warnings)


def test_drift_is_told_also_where_the_filter_leaves_the_sentinels_out() -> None:
    found = projection([find(example())], "loader", None, ["loader=runai-streamer"])
    assert any("the machine drifted" in warning for warning in found.warnings)


def test_rows_without_a_figure_are_named_with_their_reason() -> None:
    lost = [bad(case("runai-streamer", tunables={"concurrency": n}), 1, "failed", "crash") for n in (4, 8)]
    shown = only_table(projection(runs_of(a=[nogds(8, *FAST), lost]), None, None, []))
    assert [row[1] for row in shown.rows] == ["fastsafetensors-nogds"]
    assert shown.footnotes[-1] == "No figure: runai-streamer (2 rows, 1 failed)."


def test_many_columns_become_several_tables_each_with_the_first_column() -> None:
    found = projection(runs_of(a=[nogds(n, *FAST) for n in range(1, 9)]), "loader", "threads", [])
    first, second = projection_document(found).tables
    assert first.title.endswith("columns 1 and 2–6 of 8")
    assert second.title.endswith("columns 1 and 7–8 of 8")
    assert [name for name in (heading.name for heading in second.columns) if name.endswith("(s)")] == [
        "threads=1 (s)",
        "threads=7 (s)",
        "threads=8 (s)",
    ]


def test_long_names_of_columns_become_letters() -> None:
    runs = runs_of(**{"a-very-long-name-of-a-run": [nogds(8, *FAST)], "another-long-name-of-it": [nogds(8, *FAST)]})
    shown = only_table(projection(runs, "threads", "run", []))
    assert shown.intro == ("A: run=a-very-long-name-of-a-run", "B: run=another-long-name-of-it")
    assert "B × A" in [heading.name for heading in shown.columns]


def test_runs_of_one_name_are_told_apart_by_their_places() -> None:
    one, two = runs_of(a=[nogds(8, *FAST)])[0], runs_of(a=[nogds(8, *SLOW)])[0]
    found = projection([one, two], "threads", "run", [])
    assert len(found.grids[0].columns) == 1, "these two have one place as well"
    assert found.names == (str(one.stored.path), str(two.stored.path))


def test_a_projection_for_programs_has_raw_figures() -> None:
    found = projection(runs_of(a=[nogds(8, *FAST)], b=[nogds(8, *SLOW)]), "threads", "run", [])
    rows = list(csv.DictReader(io.StringIO(text_of(found, "csv"))))
    assert [(row["threads"], row["run"], row["n"], row["load_median_ns"]) for row in rows] == [
        ("8", "a", "6", "102500000"),
        ("8", "b", "6", "202500000"),
    ]
    assert rows[1]["told_apart"] == "true"
    data = json.loads(text_of(found, "json"))
    [_, second] = data["tables"][0]["cells"]
    assert second["row"] == {"threads": 8}
    assert second["column"] == {"run": "b"}
    assert second["times_first"] == float(rows[1]["times_first"])
    assert second["samples_ns"] == [ms * 10**6 for ms in SLOW]
    assert second["tests"] == [{"run": "b", "test": 1}]


@pytest.mark.parametrize(
    ("rows", "cols", "filters", "message"),
    [
        ("lodaer", None, [], "unknown key 'lodaer' in --rows, for these runs. Did you mean 'loader'? Known: "),
        (None, "thread", [], "Did you mean 'threads'?"),
        ("loader,", None, [], "has an empty item"),
        ("loader,loader", None, [], "has loader twice"),
        ("loader", "loader", [], "loader stands in --rows and in --cols"),
        ("loader", None, ["laoder=x"], "unknown key 'laoder' in --filter, character 1, for these runs"),
        ("loader", None, ["loader=fastsafetensor"], "Did you mean 'fastsafetensors-gds'? Known: "),
        ("loader", None, ["cache=cold loader!=nothing"], "unknown value of loader 'nothing' in --filter, character 12"),
        ("loader", None, ["loader>3"], "loader is no number in these runs (fastsafetensors-gds, "),
        ("loader", None, ["loader=runai-streamer threads=8"], "--filter leaves none of 11 cases"),
        ("loader", None, ["tunables=default"], "unknown key 'tunables'"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_can(
    rows: str | None, cols: str | None, filters: list[str], message: str
) -> None:
    with pytest.raises(UsageError) as error:
        projection([find(example())], rows, cols, filters)
    assert message in str(error.value)
    assert ", fastsafetensors-nogds.threads" not in str(error.value)


@for_any_text
def test_no_name_becomes_structure_or_acts_on_a_terminal(name: str) -> None:
    found = projection([hostile(name)], None, "run", [])
    printed = text_of(found, "terminal", 120)
    assert all(char.isprintable() or char == "\n" for char in printed)
    assert all(char.isprintable() or char == "\n" for char in text_of(found, "markdown"))
    [header, *lines] = csv.reader(io.StringIO(text_of(found, "csv")))
    assert lines
    assert all(len(line) == len(header) for line in lines)
    assert not any(cell.lstrip().startswith(("=", "+", "@")) for line in lines for cell in line)
    assert text_of(found, "json").isascii()


def test_the_ordinary_report_can_be_of_some_cases_only() -> None:
    whole = find(example())
    [some] = only([whole], ["loader=runai-streamer concurrency>=8"])
    assert [one.number for one in some.summaries] == [
        one.number for one in whole.summaries if one.case.tunables.get("concurrency") in (8, 16)
    ]
    assert some.warnings[0] == (
        "only 2 of 11 cases, by --filter loader=runai-streamer concurrency>=8: what is best is so among these"
    )
    assert any("the machine drifted" in warning for warning in some.warnings)
    assert some.ceiling_rows == whole.ceiling_rows
    best = table(document(some), "Best observed")
    assert column(best, "Loader") == ["≈ runai-streamer"]
    assert column(best, "× best") == ["1.00"]


def test_runs_without_a_case_that_is_wanted_are_left_out() -> None:
    runs = runs_of(a=[nogds(8, *FAST)], b=[nogds(16, *FAST)])
    assert [findings.stored.run.name for findings in only(runs, ["threads=16"])] == ["b"]
    assert [findings.stored.run.name for findings in only(runs, ["run=a"])] == ["a"]
