"""A file that cannot be read is one message: what is wrong, where, what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from loadbench.errors import StoreError
from loadbench.published.reader import find_published, is_published, read_published
from tests.published.figures import figure, published, write


def error_of(path: Path) -> str:
    with pytest.raises(StoreError) as error:
        read_published(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    read = read_published(write(tmp_path / "a.json", published(figure(seconds=0.5))))
    assert read.records[0].seconds == 0.5
    assert read.by_id["one"] is read.records[0]


def test_a_damaged_file_is_not_valid_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", published())
    path.write_text(path.read_text()[:-40])
    assert "not valid JSON" in error_of(path)
    assert is_published(path), "a folder's report must name it, not pass over it"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\x00" * 99, b"[" * 100_000, b"9" * 5000])
def test_rubbish_is_not_valid(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert "not valid JSON" in error_of(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "Cannot read" in error_of(tmp_path / "absent.json")


@pytest.mark.parametrize("version", ["2", "99", "0", "", "1.5", "one", "9" * 5000])
def test_an_unknown_version_is_refused_with_what_to_do(version: str, tmp_path: Path) -> None:
    message = error_of(write(tmp_path / "a.json", published(schema=f"loadbench.published/{version}")))
    assert "loadbench.published/1" in message
    assert "Upgrade" in message
    assert len(message) < 500


@pytest.mark.parametrize("content", [{}, [], 1, None, "loadbench.published/1", {"schema": 1}, {"schema": "other/1"}])
def test_something_else_is_no_file_of_published_figures(content: Any, tmp_path: Path) -> None:
    assert "holds no published figures" in error_of(write(tmp_path / "a.json", content))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seconds", 0),
        ("seconds", -1),
        ("seconds", "fast"),
        ("seconds", 1e300),
        ("bytes", 0),
        ("bytes", 10**30),
        ("runs", 0),
        ("cache", "lukewarm"),
        ("clock", "wall"),
        ("confidence", "high"),
        ("bandwidth", {"value": 1, "unit": "Gbit/s", "unit_as_printed": "Gbit/s"}),
        ("misspelt", 1),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any, tmp_path: Path) -> None:
    assert f"records.0.{field}" in error_of(write(tmp_path / "a.json", published(figure(**{field: value}))))


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    for field in ("url", "clock_includes", "cache_state", "confidence", "bytes_basis"):
        data = published()
        del data["records"][0][field]
        assert f"records.0.{field}: Field required" in error_of(write(tmp_path / "a.json", data))


def test_numbers_that_json_does_not_know_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(published(figure(seconds=float("nan")))))
    assert "records.0.seconds" in error_of(path)


def test_a_figure_without_any_figure_is_refused(tmp_path: Path) -> None:
    assert "'one' has neither" in error_of(write(tmp_path / "a.json", published(figure(seconds=None))))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["one"], "no table shows the record 'two'"),
        (["one", "two", "three"], "a table shows a record that does not exist: 'three'"),
        (["one", "two", "one"], "two rows of the tables show 'one'"),
    ],
)
def test_every_figure_has_exactly_one_row(rows: list[str], message: str, tmp_path: Path) -> None:
    tables = [{"title": "t", "rows": rows}]
    assert message in error_of(write(tmp_path / "a.json", published(figure("one"), figure("two"), tables=tables)))


def test_names_are_given_once(tmp_path: Path) -> None:
    assert "two records are named 'one'" in error_of(write(tmp_path / "a.json", published(figure(), figure())))


@pytest.mark.parametrize("name", ["\x1b[31mred", "x" * 10_000, "\u202egpj.exe", "a\nb"])
def test_hostile_names_stay_text_in_a_message(name: str, tmp_path: Path) -> None:
    for data in (
        published(figure(name), figure(name)),
        published(figure(**{name: 1})),
        published(figure(name, seconds=None)),
        published(schema=f"loadbench.published/{name}"),
        published(tables=[{"title": "t", "rows": ["one", name]}]),
        published(tables=[{"title": "t", "rows": ["one"], "columns": [{"name": "n", "shows": name}]}]),
    ):
        message = error_of(write(tmp_path / "a.json", data)).removeprefix(str(tmp_path))
        assert message.isprintable()
        assert len(message) < 600


def test_a_folder_gives_its_published_files_and_no_others(tmp_path: Path) -> None:
    wanted = [write(tmp_path / "a.json", published()), write(tmp_path / "deep" / "b.json", published())]
    write(tmp_path / "other.json", {"schema": "something else"})
    (tmp_path / "text.md").write_text('"loadbench.published/1"')
    (tmp_path / "folder.json").mkdir()
    assert find_published(tmp_path) == wanted
