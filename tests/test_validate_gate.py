"""The check of the gate on a real run's noise: that it sees a slowdown, and tests that would call anything slower."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from loadbench.gate.result import Rules
from tests.test_validate_statistics import noisy

SCRIPT = Path(__file__).parent.parent / "scripts" / "validate_gate.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validate_gate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["validate_gate"] = module
    spec.loader.exec_module(module)
    return module


def test_each_scale_of_the_noise_has_a_row(script: ModuleType) -> None:
    lines = script.table(script.validate(noisy(), Rules(), 3, 0)).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| cold, as it is, 4.8 %", "| cold, scaled, 2.0 %", "| cold, scaled, 5.0 %", "| cold, scaled, 10.0 %"
    ]  # fmt: skip


def test_a_large_slowdown_is_found_and_nothing_is_not(script: ModuleType) -> None:
    chance = np.random.default_rng(1)
    pool = script.noise_of(noisy(), "cold") * 0.4
    assert all(script.gate(pool, 0.5, Rules(), chance)[0][0] for _ in range(20))
    assert not any(any(script.gate(pool, 0.0, Rules(), chance)[0]) for _ in range(20))


def test_rules_that_call_anything_slower_are_seen(script: ModuleType) -> None:
    """Without margin and Holm's limit the share of false alarms must be as large as it is."""
    broken = Rules(margin=0.0, screen_p=1.0, alpha=1.0)
    pool = script.noise_of(noisy(), "cold")
    row = script.simulate("any", pool, broken, 20, np.random.default_rng(2))
    assert row.false_alarms > 0.2
