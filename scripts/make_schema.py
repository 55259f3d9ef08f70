#!/usr/bin/env python3
"""Write the JSON Schemas of the results format, which the package ships: .venv/bin/python scripts/make_schema.py"""

import json
from pathlib import Path

from loadbench.gate.result import GateResult
from loadbench.published.records import Published
from loadbench.records import Data, Record, Run

SCHEMAS: dict[str, type[Data]] = {"run": Run, "record": Record, "published": Published, "gate": GateResult}
DIRECTORY = Path(__file__).parent.parent / "loadbench" / "schema"


def main() -> None:
    for name, kind in SCHEMAS.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **kind.model_json_schema()}
        (DIRECTORY / f"{name}.json").write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
