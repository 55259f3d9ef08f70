"""The published figures of this repository: valid, named once, and consistent with themselves."""

import json
from itertools import chain
from pathlib import Path
from statistics import mean, median
from typing import Any

import jsonschema
import pytest

import loadbench
from loadbench.published.reader import read_published
from loadbench.published.records import PublishedFigure
from tests.published.figures import DIRECTORY, FILES, NAMES, raw

RECORDS: list[PublishedFigure] = [record for path in FILES for record in read_published(path).records]
IDS = [record.id for record in RECORDS]
GIB = 2**30


def test_all_records_are_here() -> None:
    assert len(RECORDS) == 200
    assert len(FILES) == 41


@pytest.mark.parametrize("name", NAMES)
def test_every_file_meets_the_shipped_schema_and_is_named_as_it_says(name: str) -> None:
    schema = json.loads((Path(loadbench.__file__).parent / "schema" / "published.json").read_text())
    jsonschema.validate(raw(name), schema)
    assert raw(name)["name"] == name


def test_names_are_unique_over_all_files() -> None:
    assert sorted(set(IDS)) == sorted(IDS)
    assert all(character.isalnum() or character in "-." for name in IDS for character in name)


@pytest.mark.parametrize("record", RECORDS, ids=IDS)
def test_nothing_is_left_blank(record: PublishedFigure) -> None:
    """What a source does not state is said in words."""
    for field in (
        "source", "date", "hardware", "gpu", "model", "bytes_basis", "loader", "storage", "cache_state",
        "clock_includes", "statistic",
    ):  # fmt: skip
        assert getattr(record, field).strip(), field
    assert record.url.startswith("https://") or record.id == "mi350x-r1", "the one that is not on the web"
    assert (record.runs == 1) == (record.statistic == "single figure")


def rounded(value: float) -> tuple[float, float]:
    """The interval that a number with these decimals stands for."""
    decimals = len(repr(value).partition(".")[2].removesuffix("0"))
    return value - 0.5 * 10**-decimals, value + 0.5 * 10**-decimals


STATED = [record for record in RECORDS if record.bandwidth and record.bytes and record.seconds]


def agrees(record: PublishedFigure, unit: float) -> bool:
    """Whether bytes over seconds is the stated bandwidth in this unit, as far as both are rounded."""
    assert record.bandwidth is not None
    assert record.seconds is not None
    size = record.counted_bytes or record.bytes or 0
    low, high = rounded(record.bandwidth.value)
    short, long = rounded(record.seconds)
    slack = 1e-4  # of the bytes, which some sources round to four digits
    return size * (1 - slack) / long / unit <= high and low <= size * (1 + slack) / short / unit


@pytest.mark.parametrize("record", STATED, ids=[record.id for record in STATED])
def test_the_stated_bandwidth_follows_from_bytes_and_seconds_or_a_note_says_that_it_does_not(
    record: PublishedFigure,
) -> None:
    assert record.bandwidth is not None
    assert record.seconds is not None
    units = {"GB/s": 1e9, "GiB/s": GIB}
    true = units.pop(record.bandwidth.unit)
    computed = (record.counted_bytes or record.bytes or 0) / record.seconds / true
    assert agrees(record, true) or any(f"are {computed:.2f} " in note for note in record.notes)
    (other,) = units.values()
    assert not agrees(record, other), "the unit cannot be told from these figures"


def test_there_are_stated_bandwidths_to_check() -> None:
    assert len(STATED) == 31
    assert [record.id for record in STATED if not agrees(record, {"GB/s": 1e9, "GiB/s": GIB}[_unit(record)])] == [
        "it-storage-qwen-safetensors"
    ]


def _unit(record: PublishedFigure) -> str:
    assert record.bandwidth is not None
    return record.bandwidth.unit


@pytest.mark.parametrize("record", [one for one in RECORDS if one.samples_s], ids=lambda record: record.id)
def test_a_mean_or_median_is_that_of_its_samples(record: PublishedFigure) -> None:
    computed = {"mean": mean, "median": median}[record.statistic](record.samples_s)
    assert record.seconds == pytest.approx(computed, abs=0.05 if record.statistic == "mean" else 0)
    assert record.runs == len(record.samples_s)


def test_a_bandwidth_of_other_bytes_says_so() -> None:
    other = [record for record in RECORDS if record.counted_bytes]
    assert [record.id for record in other] == ["amd-gpt2-06"]
    assert "274,045,440 bytes after conversion" in other[0].notes[0]
    assert "1.54 GiB/s" in other[0].notes[0]
    assert (other[0].bytes or 0) / (other[0].seconds or 1) / GIB == pytest.approx(1.54, abs=0.005)


def test_no_figure_that_is_read_off_or_quoted_is_called_read() -> None:
    by_confidence: dict[str, set[str]] = {}
    for record in RECORDS:
        by_confidence.setdefault(record.confidence, set()).add(record.id)
    assert by_confidence["approximate"] == {"tz-gptj-tens", "tz-gptj-safe", "tz-gptj-hf-b"}
    assert len(by_confidence["secondary"]) == 6
    assert len(by_confidence["read"]) == 191


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *chain.from_iterable(strings(item) for item in value.values())]
    if isinstance(value, list):
        return list(chain.from_iterable(strings(item) for item in value))
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_clean_and_whole(name: str) -> None:
    for text in strings(raw(name)):
        assert text.isprintable()
        assert text == text.strip()
        assert "  " not in text
        assert len(text) < 1000, "a report would cut it"


def test_the_readme_names_every_file() -> None:
    readme = (DIRECTORY / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"({name}.json)" not in readme] == []
