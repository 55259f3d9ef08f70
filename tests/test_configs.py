"""Every sweep that ships can be planned, and means what its name says."""

from pathlib import Path

import pytest

from loadbench.sweep.options import SweepOptions, read_toml
from loadbench.sweep.plan import plan_cases

CONFIGS = sorted((Path(__file__).parent.parent / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_ships_a_sweep_that_can_be_planned(path: Path) -> None:
    options = SweepOptions(**read_toml(path))
    assert any(not planned.skip for planned in plan_cases(options, options.checkpoint[0]))


def test_the_published_gpt2_table_is_repeated_in_full() -> None:
    options = SweepOptions(**read_toml(CONFIGS[0].parent / "mi300x-gpt2.toml"))
    planned = plan_cases(options, "gpt2")
    settings = {
        (p.case.tunables["threads"], p.case.tunables["buffer"], p.case.dtype, p.case.cache)
        for p in planned
        if p.case.loader == "fastsafetensors-nogds"
    }
    # threads, buffer, dtype and cache of the published tests 1, 2, 3, 5 and 6
    assert settings >= {
        (16, 16 << 20, "auto", "warm"),
        (32, 32 << 20, "auto", "warm"),
        (8, 8 << 20, "auto", "warm"),
        (32, 32 << 20, "auto", "cold"),
        (32, 32 << 20, "F16", "warm"),
    }
