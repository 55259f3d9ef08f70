"""Published tables: whole documents, and cell by cell what the sources and the data files say."""

import json
from decimal import Decimal
from typing import Any

import pytest
from markdown_it import MarkdownIt

from loadbench.published.reader import read_published
from loadbench.report.document import Document
from loadbench.report.markdown import markdown
from loadbench.report.published import published_document
from loadbench.report.published_cells import COMPUTED, COMPUTED_NOTE, stated
from loadbench.report.published_facts import known
from loadbench.report.tables import Table
from tests.published import sources
from tests.published.figures import DIRECTORY, NAMES, checked, figure, raw
from tests.report.reports import column, table
from tests.report.test_golden import compare

GIB = 2**30


def shown(name: str) -> Document:
    return published_document(read_published(DIRECTORY / f"{name}.json"))


def cells(source: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in source.strip().splitlines()]


@pytest.mark.parametrize(
    "name", ["mi300x-gpt2", "a10g-llama3-8b", "deepseek-r1-rocm", "instanttensor", "tensorizer-2.5.0"]
)
def test_golden(name: str) -> None:
    compare(markdown(shown(name)), f"published-{name}.md")


def test_the_gpt2_tables_row_by_row() -> None:
    for title, source, fifth in (
        ("GPT-2 (", sources.GPT2, "Config"),
        ("GPT-2 medium", sources.GPT2_MEDIUM, "Block size"),
    ):
        found = table(shown("mi300x-gpt2"), title)
        names = ["Test #", "Method", "Threads", "Buffer", fifth, "GiB/s", "Elapsed (s)", "Remark"]
        rows = [list(row) for row in zip(*(column(found, name) for name in names), strict=True)]
        assert rows == [[number, sources.METHODS[method], *rest] for number, method, *rest in cells(source)]


def test_each_known_error_of_the_gpt2_tables_has_its_note() -> None:
    document = shown("mi300x-gpt2")
    small = table(document, "GPT-2 (")
    notes = dict(zip(column(small, "Test #"), column(small, "Notes"), strict=True))
    assert "274,045,440 bytes after conversion" in notes["6"]
    assert "0.195 s" in notes["1"]
    assert "0.268 s" in notes["8"]
    assert "Test 7 is missing in the source." in small.footnotes
    assert any("0.268 s and 0.195 s" in note for note in small.footnotes)
    assert "prints GB/s" in document.warnings[0]
    assert ("Unit", "GB/s as printed, GiB/s in truth") in document.facts
    states = column(small, "Cache state")
    assert [state for state in states if state != "not stated"] == [states[4]]
    assert column(small, "Cache")[4] == "cold"


@pytest.mark.parametrize(
    ("title", "source"),
    [("Appendix A", sources.APPENDIX_A), ("Appendix B", sources.APPENDIX_B), ("Appendix C", sources.APPENDIX_C)],
)
def test_the_appendices_row_by_row(title: str, source: dict[str, dict[int | None, str]]) -> None:
    found = table(shown("a10g-llama3-8b"), title)
    names = ["Loader", "Concurrency", "Readers", "Time to GPU (s)"]
    rows = list(zip(*(column(found, name) for name in names), strict=True))
    expected = []
    for loader, times in source.items():
        for value, time in times.items():
            number = "N/A" if value is None else str(value)
            where = (number, "N/A") if loader == sources.STREAMER else ("N/A", number)
            expected.append((loader, *where, time))
    assert rows == expected


def test_appendix_d_row_by_row_and_without_a_bandwidth() -> None:
    found = table(shown("a10g-llama3-8b"), "Appendix D")
    rows = zip(column(found, "Storage"), column(found, "Loader"), column(found, "Time until ready (s)"), strict=True)
    for (storage, loader, time), expected in zip(rows, sources.APPENDIX_D, strict=True):
        assert storage.startswith(expected[0])
        assert (loader, time) == (f"vllm:{expected[1]}", expected[2])
    assert not any("/s" in name.name for name in found.columns), "a start of an engine moves more than these bytes"
    assert COMPUTED_NOTE not in found.footnotes


def test_the_chart_of_deepseek_r1() -> None:
    (found,) = shown("deepseek-r1-rocm").tables
    rows = list(zip(column(found, "Loader"), column(found, "Cache"), column(found, "Elapsed (s)"), strict=True))
    assert rows == sources.DEEPSEEK_R1


@pytest.mark.parametrize(
    ("title", "source"), [("On storage", sources.INSTANTTENSOR), ("On tmpfs", sources.INSTANTTENSOR_TMPFS)]
)
def test_the_instanttensor_tables(title: str, source: str) -> None:
    found = table(shown("instanttensor"), title)
    names = ["Model", "GPU", "Elapsed (s)", "GB/s"]
    rows = list(zip(*(column(found, name) for name in names), strict=True))
    expected = [(model, gpu, *figures.split()) for model, gpu, *pairs in cells(source) for figures in pairs]
    assert [row[:2] for row in rows] == [row[:2] for row in expected]
    for row, (_, _, time, bandwidth) in zip(rows, expected, strict=True):
        assert (Decimal(row[2]), Decimal(row[3])) == (Decimal(time), Decimal(bandwidth))


def markdown_tables(name: str) -> list[tuple[list[str], list[list[str]]]]:
    """Headings and rows of every table, as a Markdown reader sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown(shown(name)))
    rows: list[list[str]] = []
    tables = []
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append("".join(child.content for child in tokens[index + 1].children or ()))
        elif token.type == "table_close":
            tables.append((rows[0], rows[1:]))
    return tables


@pytest.mark.parametrize("name", NAMES)
def test_every_table_holds_the_figures_of_the_data_file(name: str) -> None:
    """The Markdown, read back, against the plain JSON: no code of the project's between the two."""
    data = raw(name)
    records = {record["id"]: record for record in data["records"]}
    found = markdown_tables(name)
    assert len(found) == len(data["tables"])
    for layout, (heads, rows) in zip(data["tables"], found, strict=True):
        assert len(rows) == len(layout["rows"])
        for id, row in zip(layout["rows"], rows, strict=True):
            check_row(records[id], dict(zip(heads, row, strict=True)), layout)


def check_row(record: dict[str, Any], cells: dict[str, str], layout: dict[str, Any]) -> None:
    times = {column["name"] for column in layout.get("columns", ()) if column["shows"] == "seconds"} or {"Elapsed (s)"}
    for name in times & set(cells):
        assert (cells[name] == "–") == (record["seconds"] is None)
        assert cells[name] == "–" or Decimal(cells[name]) == Decimal(str(record["seconds"]))
    bandwidth = record["bandwidth"]
    for unit, factor in (("GB/s", 1e9), ("GiB/s", GIB)):
        if unit not in cells or cells[unit] == "–":
            assert bandwidth is None
            continue
        if bandwidth and bandwidth["unit"] == unit:
            assert Decimal(cells[unit]) == Decimal(str(bandwidth["value"]))
            continue
        assert (COMPUTED in cells[unit]) == (bandwidth is None)
        size = record.get("counted_bytes") or record["bytes"]
        expected = size / record["seconds"] / factor if size and record["seconds"] else None
        if expected is None:
            expected = bandwidth["value"] * {"GB/s": GIB / 1e9, "GiB/s": 1e9 / GIB}[unit]
        assert float(cells[unit].removesuffix(COMPUTED)) == pytest.approx(expected, abs=0.005)
    assert cells.get("Loader", record["loader"]) == record["loader"]
    assert cells.get("Notes", "") == " ".join(record.get("notes", ()))


@pytest.mark.parametrize("name", NAMES)
def test_clock_cache_runs_and_confidence_stand_beside_every_figure(name: str) -> None:
    document = shown(name)
    data = raw(name)
    head = {label for label, _ in document.facts}
    for found, layout in zip(document.tables, data["tables"], strict=True):
        said = head | {column.name for column in found.columns} | intro_labels(found)
        assert {"Clock", "Cache state", "Runs", "Confidence", "Basis of the bytes", "Source", "Date"} <= said
        assert len(found.rows) == len(layout["rows"])


def intro_labels(of: Table) -> set[str]:
    return {part.partition(":")[0] for sentence in of.intro for part in sentence.split(" · ")}


def test_a_fact_stands_once_as_high_up_as_it_holds() -> None:
    data = checked(
        figure("a", gpu="1x A", model="m"), figure("b", gpu="1x A", model="n"), figure("c", gpu="2x A", model="n"),
        tables=[{"title": "first", "rows": ["a", "b"]}, {"title": "second", "rows": ["c"]}],
    )  # fmt: skip
    document = published_document(data)
    assert ("Machine", "a host") in document.facts
    assert not {"GPU", "Model"} & {label for label, _ in document.facts}
    first, second = document.tables
    assert first.intro == ("GPU: 1x A",)
    assert column(first, "Model") == ["m", "n"]
    assert second.intro == ("GPU: 2x A · Model: n",)


def test_no_fact_of_a_record_is_kept_back() -> None:
    """Every field of a record is shown by a column, a fact or the notes."""
    text = "said in no other field"
    plain = [
        "source", "url", "date", "hardware", "gpu", "model", "bytes_basis", "loader", "storage", "cache_state",
        "clock_includes", "statistic", "spread", "printed",
    ]  # fmt: skip
    for name in plain:
        document = markdown(published_document(checked(figure(**{name: text}), figure("two"))))
        assert text in document, name
    for name, value in (("versions", {text: "1"}), ("settings", {text: 1}), ("notes", [text])):
        assert text in markdown(published_document(checked(figure(**{name: value}), figure("two")))), name
    assert len({fact.label for fact in known()}) == len(known())


@pytest.mark.parametrize("clock", ["ready", "unclear"])
def test_no_bandwidth_is_computed_where_the_clock_covers_more_than_a_load(clock: str) -> None:
    (found,) = published_document(checked(figure(clock=clock))).tables
    assert "GB/s" not in [column.name for column in found.columns]


def test_a_computed_bandwidth_is_marked_and_a_stated_one_is_not() -> None:
    printed = {"value": 0.47, "unit": "GiB/s", "unit_as_printed": "GB/s"}
    data = checked(figure("a"), figure("b", bandwidth=printed), figure("c", bandwidth=printed, bytes=None))
    (found,) = published_document(data).tables
    assert column(found, "GiB/s") == ["0.47ᶜ", "0.47", "0.47"]
    assert column(found, "GB/s") == ["0.50ᶜ", "0.50", "0.50"]
    assert column(found, "Unit") == ["", *["GB/s as printed, GiB/s in truth"] * 2]
    assert COMPUTED_NOTE in found.footnotes


def test_a_number_keeps_its_digits() -> None:
    assert [stated(value) for value in (47.0, 0.41, 17.65525103, 0.004015, 1e-9, 3660)] == [
        "47", "0.41", "17.65525103", "0.004015", "0.000000001", "3660",
    ]  # fmt: skip
    assert [stated(value, 2) for value in (2.1, 2.0, 4.625)] == ["2.10", "2.00", "4.625"]


def test_there_is_nothing_to_repeat_where_no_command_is_given() -> None:
    assert "How to repeat" not in markdown(published_document(checked()))
    assert "$ x" not in markdown(published_document(checked()))
    assert "```sh\nloadbench sweep\n```" in markdown(published_document(checked(commands=["loadbench sweep"])))


def test_json_in_the_repository_is_written_as_the_reader_expects_it() -> None:
    for name in NAMES:
        text = (DIRECTORY / f"{name}.json").read_text(encoding="utf-8")
        assert text == json.dumps(raw(name), indent=1, ensure_ascii=False) + "\n"
