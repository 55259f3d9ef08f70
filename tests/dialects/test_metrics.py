"""The metrics report, read by a real parser of OpenMetrics and as GitLab reads it."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from loadbench.dialects.metrics import metrics, quantised
from loadbench.gate.result import GateResult
from tests.dialects.results import all_verdicts, case, for_any_text, hostile, result

NAMES = ["loadbench_gate_base_seconds", "loadbench_gate_head_seconds", "loadbench_gate_ratio"]


def read(of: GateResult) -> dict[str, dict[str, float]]:
    """Values by metric and case."""
    families = list(text_string_to_metric_families(metrics(of)))  # type: ignore[no-untyped-call]
    assert [family.name for family in families] == NAMES
    found: dict[str, dict[str, float]] = {}
    for family in families:
        of_it = {sample.labels["case"]: sample.value for sample in family.samples}
        assert len(of_it) == len(family.samples)
        found[family.name.removeprefix("loadbench_gate_")] = of_it
    return found


def read_as_gitlab(text: str) -> dict[str, str]:
    """What is behind a `#` is a comment, then the words of a shell: a name and a value."""
    lines = (re.sub("#.*$", "", line) for line in text.splitlines())
    words = [shlex.split(line) for line in lines if line.strip()]
    assert all(len(line) == 2 for line in words)
    return dict(words)


def test_every_case_with_a_figure_has_its_three_values() -> None:
    found = read(all_verdicts())
    assert found["base_seconds"]["tensorizer/gpt2/cold"] == 0.28
    assert found["head_seconds"]["tensorizer/gpt2/cold"] == 0.33
    assert found["ratio"]["tensorizer/gpt2/cold"] == 1.2
    assert "runai-streamer/gpt2/warm" in found["base_seconds"]
    assert "runai-streamer/gpt2/warm" not in found["head_seconds"] | found["ratio"]


@for_any_text
def test_any_text_stays_a_label(name: str) -> None:
    of = hostile(name)
    assert {metric: len(values) for metric, values in read(of).items()} == dict.fromkeys(
        ("base_seconds", "head_seconds", "ratio"), 2
    )
    as_gitlab = read_as_gitlab(metrics(of))
    assert len(as_gitlab) == 6
    assert set(as_gitlab.values()) == {"0.28", "1.02"}


@pytest.mark.parametrize(
    ("value", "half_width", "text"),
    [
        (3.412, 0.0635, "3.4"),
        (3.412, 0.1, "3.4"),
        (3.412, 0.11, "3.4"),
        (3.512, 0.11, "3.6"),
        (1.0049, 0.004, "1.005"),
        (0.2794, 0.005, "0.28"),
        (12.0, 0.3, "12"),
        (1234.5, 30.0, "1250"),
        (1.0, 50.0, "1"),
        (1.2345678, 0.0, "1.234"),
    ],
)
def test_values_are_rounded_to_the_half_width(value: float, half_width: float, text: str) -> None:
    assert quantised(value, half_width) == text


@given(st.floats(1e-9, 1e9), st.floats(0, 1e9))
def test_rounding_moves_no_value_by_more_than_five_quarters_of_it_and_none_to_nothing(
    value: float, half: float
) -> None:
    shown = float(quantised(value, half))
    assert abs(shown - value) <= max(1.26 * half, 0.002 * value)
    assert shown > 0
    if 0.004 * value < half < 0.1 * value:  # beyond, the grid depends on the value too
        assert float(quantised(shown, half)) == pytest.approx(shown)


def test_noise_within_the_interval_mostly_leaves_the_text_as_it_is() -> None:
    texts = {quantised(3.41 + step / 1000, 0.06) for step in range(-30, 31)}
    assert texts == {"3.4"}


@pytest.mark.parametrize("ratio", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_figure_is_left_out(ratio: float | None) -> None:
    of = result([case("a", base_ns=[], head_ns=[0, 0], ratio=ratio, low=None, high=None)])
    assert read(of) == {"base_seconds": {}, "head_seconds": {}, "ratio": {}}


def test_a_single_trial_has_a_value() -> None:
    found = read(result([case("a", head_ns=[283_000_000], low=None, high=float("inf"))]))
    assert found["head_seconds"] == {"a": 0.28}
    assert found["ratio"] == {"a": 1.0}
