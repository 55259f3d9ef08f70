"""Holm's procedure: against the closed test it stands for, and the false alarms it promises to hold down."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.multiple import holm

p_values = st.lists(st.floats(0, 1) | st.floats(0, 0.05), max_size=7)


@given(p_values, st.sampled_from([0.01, 0.05, 0.2]))
def test_a_hypothesis_is_rejected_where_every_set_with_it_is(values: list[float], alpha: float) -> None:
    """The closed test of all sets, each by Bonferroni, is another way to the same answer."""
    indices = range(len(values))
    sets = [chosen for size in indices for chosen in combinations(indices, size + 1)]
    passed = {chosen: min(values[index] for index in chosen) <= alpha / len(chosen) for chosen in sets}
    expected = tuple(all(passed[chosen] for chosen in sets if index in chosen) for index in indices)
    assert holm(values, alpha) == expected


@given(p_values, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(values: list[float], random: object) -> None:
    places = list(range(len(values)))
    random.shuffle(places)  # type: ignore[attr-defined]
    rejected = holm(values)
    assert holm([values[place] for place in places]) == tuple(rejected[place] for place in places)


@given(p_values, st.floats(0, 1))
def test_another_test_never_helps(values: list[float], another: float) -> None:
    for alone, together in zip(holm(values), holm([*values, another]), strict=False):
        assert alone or not together


def test_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == (True, False, False, True)
    assert holm([0.01, 0.02, 0.03, 0.005]) == (True, True, True, True), "0.02 and 0.03 pass at 0.025 and 0.05"
    assert holm([0.05]) == (True,)
    assert holm([]) == ()


def test_equal_cases_are_told_apart_in_one_sweep_of_twenty() -> None:
    chance = np.random.default_rng(1)
    sweeps = [any(holm(chance.random(12).tolist())) for _ in range(2000)]
    assert 0.035 < np.mean(sweeps) < 0.065


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_an_error(value: float) -> None:
    with pytest.raises(ValueError, match="not all are probabilities"):
        holm([0.5, value])
