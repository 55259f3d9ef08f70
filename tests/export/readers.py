"""Each format read back, by its real reader where Python has one, else by its schema or grammar retold here.

bmf.json is Bencher's own schema, services/console/public/bmf.json of https://github.com/bencherdev/bencher, copyright
2022-present Bencher, MIT or Apache-2.0. The other two schemas were written for these tests: GITHUB after
`BenchmarkResult` in src/extract.ts of github-action-benchmark 1.22, HYPERFINE after the one of hyperfine 1.20. Both are
stricter than the tools: no other key, no null.
"""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pyperf
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_text

NUMBER = {"type": "number", "exclusiveMinimum": 0}
TEXT = {"type": "string", "minLength": 1}
GITHUB = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
        "properties": {
            "name": TEXT,
            "unit": {"enum": ["s", "MB", "GB/s"]},
            "value": NUMBER,
            "range": {"type": "string", "pattern": r"^± \d[\d.]*(e[-+]?\d+)?$"},
            "extra": TEXT,
        },
    },
}
HYPERFINE = {
    "type": "object",
    "required": ["results"],
    "additionalProperties": False,
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["command", "mean", "median", "user", "system", "min", "max", "times", "exit_codes"],
                "additionalProperties": False,
                "properties": {
                    "command": TEXT,
                    **{key: {"type": "number", "minimum": 0} for key in ("user", "system", "stddev")},
                    **dict.fromkeys(("mean", "median", "min", "max"), NUMBER),
                    "times": {"type": "array", "items": NUMBER},
                    "memory_usage_byte": {"type": "array", "items": {"type": "integer"}},
                    "exit_codes": {"type": "array", "items": {"type": "integer"}},
                    "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        }
    },
}
BMF = json.loads((Path(__file__).parent / "bmf.json").read_text())


def strict_json(text: str) -> Any:
    """JSON without NaN, null or a doubled key."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs)
        assert None not in [value for _, value in pairs]
        return dict(pairs)

    def never(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, object_pairs_hook=once, parse_constant=never)


def read_github(text: str) -> dict[str, dict[str, Any]]:
    """Entry by name."""
    entries = strict_json(text)
    jsonschema.validate(entries, GITHUB)
    found = {entry["name"]: entry for entry in entries}
    assert len(found) == len(entries)
    return found


def read_bencher(text: str) -> dict[str, dict[str, dict[str, float]]]:
    """Measures by case."""
    metrics: dict[str, dict[str, dict[str, float]]] = strict_json(text)
    jsonschema.Draft7Validator(BMF).validate(metrics)
    for name, measures in metrics.items():
        assert 0 < len(name.encode()) <= 1024  # MAX_BENCHMARK_NAME_LEN in lib/bencher_valid
        assert all(re.fullmatch(r"[a-z0-9-]{1,64}", measure) for measure in measures)
    return metrics


def read_openmetrics(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Values by labels, by metric."""
    assert text.endswith("\n# EOF\n")
    assert list(prometheus_text(text))  # what node_exporter and the Pushgateway read
    types = re.findall("^# TYPE .* (.*)$", text, re.MULTILINE)
    assert set(types) == {"gauge"}  # the older text has no info
    families = list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]
    found = {
        sample.name: {tuple(other.labels.items()): other.value for other in family.samples if other.name == sample.name}
        for family in families
        for sample in family.samples
    }
    assert sum(map(len, found.values())) == sum(len(family.samples) for family in families)  # no two alike
    return found


def read_pyperf(text: str) -> pyperf.BenchmarkSuite:
    """The suite, with every benchmark."""
    strict_json(text)
    return pyperf.BenchmarkSuite.load(io.StringIO(text))


def read_hyperfine(text: str) -> dict[str, dict[str, Any]]:
    """Result by command."""
    results = strict_json(text)
    jsonschema.validate(results, HYPERFINE)
    found = {result["command"]: result for result in results["results"]}
    assert len(found) == len(results["results"])
    return found


def read_benchfmt(text: str) -> tuple[dict[str, str], dict[str, list[dict[str, float]]]]:
    """The configuration, and the measurements of each line by name.

    The grammar of https://pkg.go.dev/golang.org/x/perf/benchfmt: a line is a result, unit metadata, `key: value` with a
    key that begins in lower case and has no blank and no upper case, or nothing at all.
    """
    configuration: dict[str, str] = {}
    results: dict[str, list[dict[str, float]]] = {}
    for line in text.split("\n"):
        assert len(line.encode()) < 65_536  # what Go's scanner takes
        fields = line.split()
        pair = re.fullmatch(r"([^\W\d_A-Z][^\sA-Z:]*):[ \t]+(.*)", line)
        if line.startswith("Benchmark"):
            name, iterations, *values = fields
            assert re.match(r"Benchmark[^a-z]", name)
            assert int(iterations) > 0
            assert len(values) % 2 == 0
            its = {unit: float(value) for value, unit in zip(values[::2], values[1::2], strict=True)}
            results.setdefault(name, []).append(its)
        elif fields[:1] == ["Unit"]:
            assert all(re.fullmatch(r"[a-z]+=\w+", field) for field in fields[2:])
        elif pair is not None:
            configuration[pair[1]] = pair[2]
        else:
            assert line == "" or line.startswith("# ")
    return configuration, results


NAMES: dict[str, Callable[[str], list[str]]] = {
    "github-smaller": lambda text: [name for name in read_github(text) if name.endswith(" load")],
    "github-bigger": lambda text: list(read_github(text)),
    "bencher": lambda text: list(read_bencher(text)),
    "openmetrics": lambda text: list(map(str, read_openmetrics(text)["loadbench_load_seconds"])),
    "pyperf": lambda text: read_pyperf(text).get_benchmark_names(),
    "hyperfine": lambda text: list(read_hyperfine(text)),
    "benchfmt": lambda text: list(read_benchfmt(text)[1]),
}
"""What each format calls the cases in it."""
