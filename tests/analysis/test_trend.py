"""The trend over a run: Sen's slope by hand, what must not move it, and when a case is called unsteady."""

from itertools import combinations
from math import expm1, log
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import theilslopes

from loadbench.analysis.trend import Trend, theil_sen, trend

# The first trend imports scipy, which takes longer than hypothesis allows an example.
unhurried = settings(deadline=None)
series = st.dictionaries(st.integers(1, 20), st.integers(8 * 10**8, 12 * 10**8), min_size=6, max_size=15)


def of(samples: dict[int, int]) -> Trend:
    found = trend(samples)
    assert found is not None
    return found


@unhurried
@given(series)
def test_drift_is_the_median_slope_of_all_pairs_over_the_run(samples: dict[int, int]) -> None:
    slopes = [(log(samples[b]) - log(samples[a])) / (b - a) for a, b in combinations(sorted(samples), 2)]
    found = of(samples)
    assert found.drift == pytest.approx(expm1(median(slopes) * (max(samples) - min(samples))), abs=1e-9)
    assert found.low <= found.drift <= found.high


@unhurried
@given(series, st.integers(2, 50), st.integers(1, 100))
def test_neither_the_unit_nor_the_first_round_matters(samples: dict[int, int], factor: int, later: int) -> None:
    moved = {number + later: factor * time for number, time in samples.items()}
    for name in ("drift", "low", "high"):
        assert getattr(of(moved), name) == pytest.approx(getattr(of(samples), name), rel=1e-6, abs=1e-9)


@unhurried
@given(series, st.randoms(use_true_random=False))
def test_the_order_of_the_samples_does_not_matter(samples: dict[int, int], random: object) -> None:
    places = list(samples)
    random.shuffle(places)  # type: ignore[attr-defined]
    assert of({place: samples[place] for place in places}) == of(samples)


@unhurried
@given(series)
def test_backwards_is_the_reciprocal(samples: dict[int, int]) -> None:
    one, other = of(samples), of({41 - number: time for number, time in samples.items()})
    assert (1 + one.drift) * (1 + other.drift) == pytest.approx(1)
    assert (1 + one.low) * (1 + other.high) == pytest.approx(1)


def test_a_steady_rise() -> None:
    found = of({number: round(10**9 * 1.02 ** (number - 1)) for number in range(1, 11)})
    assert found.drift == pytest.approx(1.02**9 - 1)
    assert found.unsteady


def test_a_missing_round_leaves_the_slope() -> None:
    samples = {number: round(10**9 * 1.02 ** (number - 1)) for number in (1, 2, 4, 7, 8, 9, 10)}
    assert of(samples).drift == pytest.approx(1.02**9 - 1)


def test_a_certain_but_small_change_is_steady() -> None:
    found = of({number: 10**9 + 10**6 * number for number in range(1, 11)})
    assert found.low > 0
    assert not found.unsteady


def test_a_large_but_uncertain_change_is_steady() -> None:
    found = of({1: 100, 2: 130, 3: 95, 4: 140, 5: 105, 6: 125})
    assert found.drift > 0.05
    assert not found.unsteady


def test_becoming_faster_is_unsteady_too() -> None:
    found = of({number: round(10**9 * 0.97**number) for number in range(1, 11)})
    assert found.drift < -0.05
    assert found.unsteady


def test_a_single_odd_trial_does_not_move_it() -> None:
    assert not of(dict(enumerate([100, 101, 100, 102, 100, 101, 100, 900], 1))).unsteady


def test_constant_times_have_no_trend() -> None:
    assert of(dict.fromkeys(range(1, 7), 5)) == Trend(0, 0, 0)


def test_five_samples_are_too_few() -> None:
    assert trend(dict.fromkeys(range(1, 6), 5)) is None
    assert trend({}) is None


@pytest.mark.parametrize("time", [0, -3])
def test_an_impossible_time_is_an_error(time: int) -> None:
    with pytest.raises(ValueError, match=f"impossible time: {time} ns"):
        trend({1: 5, 2: time})


@pytest.mark.parametrize("n", [6, 12])
def test_the_interval_covers_no_change_as_often_as_it_says(n: int) -> None:
    chance = np.random.default_rng(1)
    found = [of(dict(enumerate(np.exp(chance.normal(20, 0.1, n)).astype(int).tolist(), 1))) for _ in range(1000)]
    assert sum(one.low <= 0 <= one.high for one in found) / 1000 > 0.93


@unhurried
@given(st.integers(6, 300), st.integers(1, 3), st.integers(0, 2**32), st.sampled_from([4, 10**5, 10**8]), st.booleans())
def test_slopes_are_those_of_scipy_to_the_last_bit(n: int, step: int, seed: int, spread: int, wandering: bool) -> None:
    chance = np.random.default_rng(seed)
    rounds = np.sort(chance.choice(np.arange(1, 1 + step * n), n, replace=False)).tolist()
    times = 10**9 + chance.integers(0, spread, n) + (wandering * 10**4 * np.arange(n))
    found = theilslopes(np.log(times), rounds, alpha=0.95)
    assert theil_sen(np.log(times), tuple(rounds)) == (found.slope, found.low_slope, found.high_slope)
