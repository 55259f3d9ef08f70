"""The median's interval: against the exact binomial, and against what a confidence interval promises."""

import statistics
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import quantile_test

from loadbench.analysis.statistics import Interval, interval, median, ranks

# The first interval of a size imports scipy, which takes longer than hypothesis allows an example.
unhurried = settings(deadline=None)
times = st.lists(st.integers(1, 10**13), min_size=1, max_size=40)


def below_or_at(count: int, n: int) -> float:
    """P(B <= count) for B binomial(n, 1/2), from integers."""
    return sum(comb(n, k) for k in range(count + 1)) / float(2**n)


def coverage(low: int, high: int, n: int) -> float:
    """Probability that the low-th and high-th smallest of n samples enclose the median."""
    return below_or_at(high - 1, n) - below_or_at(low - 1, n)


@given(times)
def test_median_is_that_of_the_standard_library_in_whole_numbers(samples: list[int]) -> None:
    assert median(samples) == int(statistics.median_low(samples) + statistics.median_high(samples)) // 2


@unhurried
@given(times, st.randoms(use_true_random=False))
def test_order_does_not_matter(samples: list[int], random: object) -> None:
    shuffled = sorted(samples, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert (median(shuffled), interval(shuffled)) == (median(samples), interval(samples))


@unhurried
@given(times)
def test_interval_encloses_the_median_and_lies_within_the_sample(samples: list[int]) -> None:
    found = interval(samples)
    assert min(samples) <= found.low <= median(samples) <= found.high <= max(samples)
    assert found.low in samples
    assert found.high in samples


@unhurried
@given(times, st.integers(2, 1000))
def test_interval_scales_with_the_times(samples: list[int], factor: int) -> None:
    one, other = interval(samples), interval([factor * sample for sample in samples])
    assert (other.low, other.high, other.kind) == (factor * one.low, factor * one.high, one.kind)


@pytest.mark.parametrize("n", range(6, 61))
def test_coverage_is_at_least_95_percent_and_no_narrower_interval_reaches_it(n: int) -> None:
    low, high = ranks(n)
    assert low + high == n + 1, "as many samples are left out below as above"
    assert coverage(low, high, n) >= 0.95
    assert coverage(low + 1, high - 1, n) < 0.95


def test_five_samples_cannot_cover_95_percent() -> None:
    assert coverage(1, 5, 5) < 0.95


@pytest.mark.parametrize(("n", "expected"), [(6, (1, 6)), (9, (2, 8)), (12, (3, 10)), (15, (4, 12)), (20, (6, 15))])
def test_ranks_of_the_ladder(n: int, expected: tuple[int, int]) -> None:
    assert ranks(n) == expected


def test_small_samples_have_a_range_and_a_single_one_nothing() -> None:
    assert interval([3, 1, 2, 5, 4]) == Interval(1, 5, "range")
    assert interval([2, 1]) == Interval(1, 2, "range")
    assert interval([7]) == Interval(7, 7, "single")
    assert interval([6, 1, 2, 5, 4, 3]) == Interval(1, 6, "95 %")


@pytest.mark.parametrize("function", [median, interval])
def test_no_samples_is_an_error(function: object) -> None:
    with pytest.raises(ValueError, match="no samples"):
        function([])  # type: ignore[operator]


def test_overlap() -> None:
    fast, slow = Interval(1, 5, "95 %"), Interval(6, 9, "95 %")
    assert not fast.overlaps(slow)
    assert not slow.overlaps(fast)
    assert fast.overlaps(Interval(5, 9, "range"))
    assert Interval(1, 9, "95 %").overlaps(Interval(3, 4, "95 %"))
    assert Interval(100, 100, "single").overlaps(fast), "one trial shows no spread"


@pytest.mark.parametrize("n", [*range(6, 200), 1000, 1987, 2000])
def test_ranks_are_those_of_the_quantile_test(n: int) -> None:
    found = quantile_test(range(1, n + 1), p=0.5).confidence_interval(0.95)
    assert ranks(n) == (found.low, found.high)
