"""Steps in a series of medians: found where they are, and seldom where they are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.steps import FEWEST_RUNS, levels


def series(*parts: tuple[int, float], noise: float = 0.01, seed: int = 0) -> list[float]:
    chance = np.random.default_rng(seed)
    return [1e9 * level * float(np.exp(chance.normal(0, noise))) for runs, level in parts for _ in range(runs)]


def test_a_step_is_found_where_it_is() -> None:
    found = levels(series((10, 1.0), (10, 1.2)))
    assert [step.at for step in found.steps] == [10]
    assert found.steps[0].change == pytest.approx(0.2, abs=0.02)
    assert found.noise == pytest.approx(0.01, rel=0.5), "the step is no noise"


def test_up_and_down_again_are_two() -> None:
    found = levels(series((8, 1.0), (6, 1.3), (8, 1.0)))
    assert [step.at for step in found.steps] == [8, 14]
    assert [step.change > 0 for step in found.steps] == [True, False]


def test_one_odd_run_is_no_step() -> None:
    odd = series((20, 1.0))
    odd[7] *= 1.5
    assert levels(odd).steps == ()


def test_a_step_of_less_than_five_percent_is_no_matter() -> None:
    assert levels(series((10, 1.0), (10, 1.03), noise=0.001)).steps == ()


def test_a_few_runs_are_too_few() -> None:
    assert levels(series((3, 1.0), (4, 2.0))).steps == ()
    assert levels([5.0]).noise is None
    assert levels([]).noise is None
    assert len(levels(series((4, 1.0), (4, 2.0))).steps) == 1
    assert FEWEST_RUNS == 8


def test_equal_medians_have_no_step_and_no_noise() -> None:
    found = levels([7.0] * 12)
    assert (found.steps, found.noise) == ((), 0.0)
    with pytest.raises(ValueError, match="impossible time"):
        levels([1.0, 0.0])


@pytest.mark.parametrize("kind", ["normal", "tail"])
def test_at_most_one_of_twenty_equal_series_shows_a_step(kind: str) -> None:
    chance = np.random.default_rng(11)
    noise = chance.normal(0, 0.1, (600, 20))
    if kind == "tail":
        noise += np.where(chance.random(noise.shape) < 1 / 12, 0.2, 0.0)
    share = np.mean([bool(levels((1e9 * np.exp(one)).tolist()).steps) for one in noise])
    assert share <= 0.05 + 0.01


@given(st.lists(st.floats(1e3, 1e12), max_size=30))
def test_any_series_has_levels(medians: list[float]) -> None:
    found = levels(medians)
    assert all(3 <= step.at <= len(medians) - 3 for step in found.steps)
    assert [step.at for step in found.steps] == sorted({step.at for step in found.steps})
