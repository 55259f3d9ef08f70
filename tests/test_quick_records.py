"""Records read quickly: the lines that `Record` takes, with the same fields; the others are refused in its words."""

import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from loadbench.errors import StoreError
from loadbench.quick_records import QuickReader
from loadbench.records import Record
from loadbench.store import TRIALS_FILE, RunWriter, StoredRun, read_for_analysis, read_run
from tests.test_store import some_record, some_run

RUN = Path(__file__).parent.parent / "results" / "vm-2cpu" / "gpt2"
LINES = (RUN / TRIALS_FILE).read_bytes().splitlines()
TYPICAL = json.loads(next(line for line in LINES if b'"direct"' in line))
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([1.0, 2**70, "ok", "cold", "7", ""])
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip


def fields(value: Any) -> Any:
    """The fields of a record of either kind, with the types of their values."""
    if isinstance(value, BaseModel):
        return {name: fields(getattr(value, name)) for name in type(value).model_fields}
    if hasattr(value, "__struct_fields__"):
        return {name: fields(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {name: fields(item) for name, item in value.items()}
    return [fields(item) for item in value] if isinstance(value, list) else (type(value), repr(value))


def agree(line: bytes) -> None:
    try:
        expected = Record.model_validate_json(line)
    except ValidationError as error:
        with pytest.raises(ValidationError, match=f"^{re.escape(str(error))}$"):
            QuickReader().read(line)
    else:
        assert fields(QuickReader().read(line)) == fields(expected)


def paths(value: Any) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [()]
    return [(), *((name, *path) for name, item in value.items() for path in paths(item))]


def test_recorded_lines() -> None:
    reader = QuickReader()
    for line in LINES:
        assert fields(reader.read(line)) == fields(Record.model_validate_json(line))


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(paths(TYPICAL)[1:]), st.sampled_from(["replace", "remove", "add"]), odd)
def test_one_value_that_is_not_as_written(path: tuple[str, ...], change: str, value: Any) -> None:
    record = json.loads(json.dumps(TYPICAL))
    holder = record
    for name in path[:-1]:
        holder = holder[name]
    if change == "remove":
        del holder[path[-1]]
    else:
        holder[path[-1] if change == "replace" else f"{path[-1]}s"] = value
    agree(json.dumps(record).encode())


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(json.dumps(TYPICAL))), st.integers(0, 3), st.binary(max_size=3))
def test_damaged_bytes(place: int, removed: int, inserted: bytes) -> None:
    line = json.dumps(TYPICAL).encode()
    agree(line[:place] + inserted + line[place + removed :])


@pytest.mark.parametrize(
    "line",
    [
        b"", b" ", b"null", b"[]", b"{}", b'{"case":null}', b"\xff", b"{" * 5000, b"[" * 5000,
        json.dumps(TYPICAL).encode() + b" ", json.dumps(TYPICAL).encode() + b"x",
        json.dumps(TYPICAL).replace('"round": ', '"round": 3, "round": ').encode(),
        json.dumps(TYPICAL).replace('"gpt2"', '"\\ud800"').encode(),
        json.dumps(TYPICAL).replace('"gpt2"', '"\\u00e9\\ud83d\\ude00"').encode(),
        json.dumps(TYPICAL | {"settings": {"a": 1.0, "b": True, "c": 2**70, "d": None}}).encode(),
        json.dumps(TYPICAL | {"settings": None}).encode(),
        json.dumps(TYPICAL | {"settings": {"a": [1]}}).encode(),
    ],
)  # fmt: skip
def test_special_lines(line: bytes) -> None:
    agree(line)


@pytest.mark.parametrize("line", [b"{}", b'{"case":{}}', b"", b'{"cas'])
def test_a_bad_line_is_the_same_error_either_way(tmp_path: Path, line: bytes) -> None:
    writer = RunWriter.create(tmp_path / "run", some_run())
    writer.append(some_record(1))
    writer.close()
    with (tmp_path / "run" / TRIALS_FILE).open("ab") as file:
        file.write(line + b"\n")
    messages = []
    for read in (read_run, read_for_analysis):
        with pytest.raises(StoreError, match=r"trials\.jsonl:2 is not valid") as found:
            read(tmp_path / "run")
        messages.append(str(found.value))
    assert messages[0] == messages[1]


def test_equal_cases_and_settings_are_one_object_and_a_record_is_small(tmp_path: Path) -> None:
    RunWriter.create(tmp_path / "run", some_run()).close()
    (tmp_path / "run" / TRIALS_FILE).write_bytes(b"\n".join(LINES * 3) + b"\n")
    read_for_analysis(RUN)  # the types are made once

    def held() -> tuple[StoredRun, int]:
        tracemalloc.start()
        try:
            return read_for_analysis(tmp_path / "run"), tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    stored, size = held()
    cases = {id(record.case) for record in stored.records}
    assert len(cases) == len({record.case.key for record in stored.records})
    assert len({id(record.settings) for record in stored.records if record.settings}) < 100
    assert size / len(stored.records) < 3500, "a Record takes 10,000 bytes"
