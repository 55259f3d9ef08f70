"""The schemas that ship with the package are the ones the code means, and say what every field is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import loadbench
from loadbench.gate.result import GateResult
from loadbench.published.records import Published
from loadbench.records import Data, Record, Run

SCHEMAS: dict[str, type[Data]] = {"run": Run, "record": Record, "published": Published, "gate": GateResult}
OLD = Path(__file__).parent / "results" / "v1"


def shipped(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((Path(loadbench.__file__).parent / "schema" / f"{name}.json").read_text())
    return schema


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, definition in {"": schema, **schema.get("$defs", {})}.items():
        for name, field in definition.get("properties", {}).items():
            yield f"{kind}.{name}", field


@pytest.mark.parametrize("name", SCHEMAS)
def test_shipped_is_current(name: str) -> None:
    schema = shipped(name)
    schema.pop("$schema")
    assert schema == SCHEMAS[name].model_json_schema(), "run scripts/make_schema.py"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_plain_field_is_described(name: str) -> None:
    undescribed = [
        field for field, schema in fields(shipped(name)) if "description" not in schema and "$ref" not in str(schema)
    ]
    assert undescribed == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_sizes_and_times_are_integers_with_their_unit_in_the_name(name: str) -> None:
    for field, found in fields(shipped(name)):
        schema = found.get("items", found)
        if field.endswith(("_bytes", "_ns")):
            kinds = {schema.get("type"), *(option.get("type") for option in schema.get("anyOf", []))}
            assert kinds <= {"integer", "null", None}, field


def test_stored_results_meet_the_schema() -> None:
    jsonschema.validate(json.loads(next(OLD.rglob("run.json")).read_text()), shipped("run"))
    for line in next(OLD.rglob("trials.jsonl")).read_text().splitlines():
        jsonschema.validate(json.loads(line), shipped("record"))
