"""Each dialect, character by character. After a change that is meant, look at NAME.got and move it over NAME."""

from collections.abc import Callable
from pathlib import Path

import pytest

from loadbench.dialects.github import annotations, outputs
from loadbench.dialects.junit import junit
from loadbench.dialects.metrics import metrics
from loadbench.dialects.summary import summary
from loadbench.gate.result import GateResult
from tests.dialects.results import all_verdicts

GOLDEN = Path(__file__).parent / "golden"
DIALECTS: dict[str, Callable[[GateResult], str]] = {
    "junit.xml": junit,
    "annotations.txt": annotations,
    "outputs.txt": lambda result: outputs(result, "results/gate/report.md"),
    "summary.md": summary,
    "metrics.txt": metrics,
}


@pytest.mark.parametrize("name", DIALECTS)
def test_one_case_of_each_verdict(name: str) -> None:
    got, expected, beside = DIALECTS[name](all_verdicts()), GOLDEN / name, GOLDEN / f"{name}.got"
    if not expected.exists() or got != expected.read_text(encoding="utf-8"):
        beside.write_text(got, encoding="utf-8")
        pytest.fail(f"differs from {expected}; compare with {beside.name}")
    beside.unlink(missing_ok=True)
