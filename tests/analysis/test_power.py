"""The smallest difference that can be found: against trials of the test itself, and what must move it which way."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from loadbench.analysis import power as module
from loadbench.analysis.power import detectable, residuals

NORMAL = tuple(np.random.default_rng(7).normal(0, 0.05, 300).tolist())
unhurried = settings(deadline=None, max_examples=25)
cases = st.lists(st.lists(st.integers(10**6, 10**11), max_size=12), max_size=5)


def found_share(pool: tuple[float, ...], n: int, slowdown: float, margin: float, alpha: float) -> float:
    """How often SciPy's own test finds a slowdown, in samples drawn anew."""
    baseline, candidate = np.random.default_rng(99).choice(pool, (2, 2000, n))
    shifted = candidate + np.log1p(slowdown) - np.log1p(margin)
    # Draws from a pool tie; by coin flips, as times that are never quite equal would.
    jitter = np.random.default_rng(98).normal(0, 1e-9, shifted.shape)
    p = mannwhitneyu(shifted + jitter, baseline, alternative="greater", method="exact", axis=1).pvalue
    return float(np.mean(p <= alpha))


@pytest.mark.parametrize(("n", "margin", "alpha"), [(4, 0, 0.05), (6, 0, 0.05), (9, 0.05, 0.05), (20, 0.02, 0.01)])
def test_the_slowdown_is_found_with_the_power_asked_for_and_half_of_it_is_not(
    n: int, margin: float, alpha: float
) -> None:
    slowdown = detectable(NORMAL, n, margin=margin, alpha=alpha)
    assert slowdown is not None
    assert found_share(NORMAL, n, slowdown, margin, alpha) == pytest.approx(0.8, abs=0.03)
    assert found_share(NORMAL, n, margin + (slowdown - margin) / 2, margin, alpha) < 0.6


def test_more_trials_find_smaller_differences() -> None:
    found = [detectable(NORMAL, n) for n in (4, 6, 9, 12, 15, 20, 40)]
    assert None not in found
    assert found == sorted(found, key=lambda slowdown: -(slowdown or 0))
    assert len(set(found)) == len(found)


def test_what_makes_it_harder() -> None:
    usual = detectable(NORMAL, 9)
    wide = tuple(3 * one for one in NORMAL)
    others = [
        detectable(NORMAL, 9, margin=0.05),
        detectable(NORMAL, 9, alpha=0.01),
        detectable(NORMAL, 9, power=0.95),
        detectable(wide, 9),
    ]
    assert usual is not None
    assert all(other is not None and other > usual for other in others)


def test_the_seed_decides_and_matters_little() -> None:
    assert detectable(NORMAL, 9) == detectable(NORMAL, 9, seed=0)
    other = detectable(NORMAL, 9, seed=1)
    assert other != detectable(NORMAL, 9)
    assert other == pytest.approx(detectable(NORMAL, 9), rel=0.05)


def test_too_few_trials_find_nothing() -> None:
    """3 against 3: all pairs are slower in one of 20 orders."""
    assert detectable(NORMAL, 3, alpha=0.05) is not None
    assert detectable(NORMAL, 3, alpha=0.049) is None
    assert detectable(NORMAL, 2) is None
    assert detectable(NORMAL, 0) is None


def test_too_few_residuals_tell_nothing() -> None:
    assert detectable(NORMAL[:9], 6) is None
    assert detectable(NORMAL[:10], 6) is not None


@unhurried
@given(st.integers(3, 30), st.sampled_from([0.0, 0.05]))
def test_without_scatter_anything_beyond_the_margin_is_found(n: int, margin: float) -> None:
    assert detectable([0.0] * 10, n, margin=margin) == pytest.approx(margin, abs=0.00011)


@unhurried
@given(st.integers(4, 12), st.floats(-3, 3))
def test_where_the_residuals_lie_does_not_matter(n: int, offset: float) -> None:
    moved = detectable([one + offset for one in NORMAL], n)
    assert moved == pytest.approx(detectable(NORMAL, n), abs=0.00011)


def test_many_trials_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = detectable(NORMAL, 12)
    monkeypatch.setattr(module, "_IN_MEMORY", 10_000)
    assert detectable(NORMAL, 12) == whole


@given(cases)
def test_residuals_are_of_the_cases_with_at_least_three_times(samples: list[list[int]]) -> None:
    expected = sum(len(times) for times in samples if len(times) >= 3)
    assert len(residuals(samples)) == expected


@given(cases, st.integers(2, 50))
def test_residuals_do_not_depend_on_how_fast_a_case_is(samples: list[list[int]], factor: int) -> None:
    faster = [[2 * time for time in times] for times in samples]
    slower = [[2 * factor * time for time in times] for times in samples]
    assert residuals(slower) == pytest.approx(residuals(faster), abs=1e-9)


def test_residuals_by_hand() -> None:
    widening = sqrt(3 / 2)
    expected = (widening * log(0.5), 0, widening * log(2), widening * log(0.9), widening * log(1.2), 0)
    assert residuals([[50, 100, 200], [1, 2], [900, 1200, 1000]]) == pytest.approx(expected)
    assert residuals([]) == ()


@pytest.mark.parametrize("n", [4, 6, 12])
def test_residuals_of_small_cases_scatter_as_much_as_the_times(n: int) -> None:
    chance = np.random.default_rng(3)
    samples = np.exp(chance.normal(20, 0.05, (20_000 // n, n))).astype(int).tolist()
    assert np.std(residuals(samples)) == pytest.approx(0.05, rel=0.05)
    assert np.std(residuals(samples)) > 0.0495, "never promise too much"


def test_an_impossible_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="impossible time: 0 ns"):
        residuals([[1, 0, 2]])


def test_a_thousand_trials_can_be_planned() -> None:
    found = detectable(NORMAL, 1000)
    assert found is not None
    assert 0 < found < (detectable(NORMAL, 100) or 0)
