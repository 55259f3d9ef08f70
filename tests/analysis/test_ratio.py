"""The ratio's interval and the p-value: against SciPy's test, against counting by hand, and what both promise."""

import warnings
from itertools import combinations, pairwise
from math import comb, exp, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from loadbench.analysis import ratio as module
from loadbench.analysis.ratio import Ratio, critical, ratio, slower_p, tail, tail_at

# The first use imports scipy, which takes longer than hypothesis allows an example.
unhurried = settings(deadline=None)
times = st.integers(10**6, 10**11)
samples = st.lists(times, min_size=1, max_size=9)
untied = st.lists(times, min_size=2, max_size=16, unique=True).flatmap(
    lambda all_times: st.integers(1, len(all_times) - 1).map(lambda cut: (all_times[:cut], all_times[cut:]))
)
tied = st.lists(st.integers(1, 5), min_size=1, max_size=8)


@unhurried
@given(untied, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_holds_exactly_the_ratios_that_the_test_does_not_reject(
    both: tuple[list[int], list[int]], confidence: float
) -> None:
    baseline, candidate = np.log(both[0]), np.log(both[1])
    found = ratio(*both, confidence=confidence)
    ends = sorted({one - other for one in candidate for other in baseline})
    middles = [(low + high) / 2 for low, high in pairwise(ends) if high - low > 1e-9]
    for shift in [ends[0] - 1, *middles, ends[-1] + 1]:
        p = mannwhitneyu(candidate - shift, baseline, method="exact").pvalue
        assert (found.low <= exp(shift) <= found.high) == (p > 1 - confidence + 1e-12)


@unhurried
@given(untied, st.sampled_from([0.0, 0.02, 0.05, -0.1]))
def test_p_is_that_of_the_exact_one_sided_test(both: tuple[list[int], list[int]], margin: float) -> None:
    shifted = np.log(both[1]) - np.log1p(margin)
    if np.abs(np.subtract.outer(shifted, np.log(both[0]))).min() > 1e-9:
        expected = mannwhitneyu(shifted, np.log(both[0]), alternative="greater", method="exact").pvalue
        assert slower_p(*both, margin=margin) == pytest.approx(expected, rel=1e-12)


@unhurried
@given(tied, tied, st.randoms(use_true_random=False))
def test_ties_never_make_a_difference_likelier(baseline: list[int], candidate: list[int], random: object) -> None:
    places = list(range(len(baseline) + len(candidate)))
    random.shuffle(places)  # type: ignore[attr-defined]
    broken = [1000 * time + place for time, place in zip(baseline + candidate, places, strict=True)]
    at = len(baseline)
    assert slower_p(baseline, candidate) >= slower_p(broken[:at], broken[at:])


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (3, 3), (4, 2), (5, 6)])
def test_the_null_distribution_is_that_of_all_orders(n: int, m: int) -> None:
    counts = [
        sum(place > other for place in candidate for other in range(n + m) if other not in candidate)
        for candidate in combinations(range(n + m), m)
    ]
    expected = [sum(count >= u for count in counts) / comb(n + m, n) for u in range(n * m + 1)]
    assert tail(n, m) == pytest.approx(np.array(expected), rel=1e-12)


@pytest.mark.parametrize(("n", "m", "alpha"), [(3, 3, 0.05), (4, 4, 0.025), (1, 19, 0.05), (1, 39, 0.025)])
def test_a_tail_that_is_a_fraction_equal_to_alpha_is_rare_enough(n: int, m: int, alpha: float) -> None:
    assert critical(n, m, alpha) == n * m
    assert critical(n, m, 0.999 / comb(n + m, n)) is None


def test_very_many_trials_use_the_normal_approximation(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = tail(20, 25)
    monkeypatch.setattr(module, "EXACT_PAIRS", 499)
    approximate = [tail_at(20, 25, count) for count in range(501)]
    assert 0 < np.abs(np.subtract(exact, approximate)).max() < 0.002
    many = list(range(1000, 1300))
    assert ratio(many, [2 * time for time in many]).low > 1.9


@unhurried
@given(samples, samples)
def test_the_other_way_round_is_the_reciprocal(baseline: list[int], candidate: list[int]) -> None:
    one, other = ratio(baseline, candidate), ratio(candidate, baseline)
    assert one.estimate * other.estimate == pytest.approx(1)
    if one.low > 0:
        assert one.low * other.high == pytest.approx(1)
        assert one.high * other.low == pytest.approx(1)
    else:
        assert (other.low, other.high) == (0, inf)


@unhurried
@given(samples, samples, st.integers(2, 100))
def test_a_slower_candidate_has_a_larger_ratio(baseline: list[int], candidate: list[int], factor: int) -> None:
    one, slower = ratio(baseline, candidate), ratio(baseline, [factor * time for time in candidate])
    for name in ("estimate", "low", "high"):
        assert getattr(slower, name) == pytest.approx(factor * getattr(one, name))
    assert slower_p(baseline, [factor * time for time in candidate]) <= slower_p(baseline, candidate)


@unhurried
@given(samples, samples)
def test_more_confidence_is_a_wider_interval_around_the_estimate(baseline: list[int], candidate: list[int]) -> None:
    narrow, wide = ratio(baseline, candidate, 0.8), ratio(baseline, candidate, 0.99)
    assert 0 <= wide.low <= narrow.low <= narrow.estimate <= narrow.high <= wide.high
    assert narrow.estimate == wide.estimate


@unhurried
@given(samples, samples, st.floats(0, 0.5))
def test_a_margin_makes_it_harder_to_be_slower(baseline: list[int], candidate: list[int], margin: float) -> None:
    assert slower_p(baseline, candidate) <= slower_p(baseline, candidate, margin) <= 1


def test_by_hand() -> None:
    """Ratios of all pairs: 1, 2, 4, 1/2, 1, 2, 1/4, 1/2, 1; their median is 1."""
    assert ratio([100, 200, 400], [100, 200, 400]) == Ratio(1, 0, inf)
    assert slower_p([100, 200, 300], [400, 500, 600]) == pytest.approx(1 / 20)
    assert slower_p([100, 200, 300], [400, 500, 600], margin=0.5) == pytest.approx(2 / 20)
    found = ratio([100, 101, 102, 103], [200, 202, 204, 206])
    assert (found.estimate, found.low, found.high) == pytest.approx((2, 200 / 103, 2.06))


def test_too_few_trials_have_no_interval() -> None:
    found = ratio([10, 11, 12], [20, 21, 22])
    assert (found.low, found.high) == (0, inf)
    assert found.estimate == pytest.approx(21 / 11)
    assert not found.excludes_one
    assert ratio([10, 11, 12], [20, 21, 22], confidence=0.9).excludes_one


@pytest.mark.parametrize("n", [4, 6, 9, 20])
def test_constant_samples(n: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ratio([7] * n, [7] * n) == Ratio(1, 1, 1)
        assert not ratio([7] * n, [7] * n).excludes_one
        assert slower_p([7] * n, [7] * n) == 1
        assert slower_p([7] * n, [8] * n) == pytest.approx(1 / comb(2 * n, n))
        assert ratio([7] * n, [8] * n).excludes_one
        assert ratio([8] * n, [7] * n).excludes_one


@pytest.mark.parametrize("function", [ratio, slower_p])
@pytest.mark.parametrize(
    ("baseline", "candidate", "message"),
    [([], [1], "no samples"), ([1], [], "no samples"), ([0], [1], "time: 0"), ([1], [5, -1], "time: -1")],
)
def test_no_or_impossible_times_are_errors(
    function: object, baseline: list[int], candidate: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        function(baseline, candidate)  # type: ignore[operator]


def test_the_distribution_is_asked_for_once() -> None:
    tail.cache_clear()
    critical.cache_clear()
    for number in range(100, 150):
        ratio([number, 101, 102, 103, 104, 105, 107], [99, 98, 97, 96, number, 93])
        slower_p([number, 101, 102, 103, 104, 105, 107], [99, 98, 97, 96, number, 93])
    assert tail.cache_info().misses == 1
    assert critical.cache_info().misses == 1


@pytest.mark.parametrize("n", [6, 9])
def test_the_interval_covers_the_true_ratio_as_often_as_it_says(n: int) -> None:
    chance = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        baseline, candidate = np.exp(20 + 0.1 * chance.standard_exponential((2, n)))
        found = ratio(baseline.astype(int).tolist(), (1.1 * candidate).astype(int).tolist())
        covered += log(found.low) <= log(1.1) <= log(found.high)
    assert 0.94 < covered / 2000 < 0.98
