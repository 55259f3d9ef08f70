"""Odd samples and two groups: what is one, what is not, and that nothing depends on order or unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.shape import Modes, modes, outliers

NEAR = [1000, 1010, 990, 1005, 995, 1002]
many = st.lists(st.integers(10**6, 10**11), min_size=6, max_size=30)


def test_a_far_sample_is_an_outlier_either_way() -> None:
    assert outliers([*NEAR, 2000]) == (6,)
    assert outliers([500, *NEAR]) == (0,)
    assert outliers([500, *NEAR, *NEAR, 2000]) == (0, 13)
    assert outliers(NEAR) == ()


def test_the_limit_is_a_modified_z_of_3_5_on_logs() -> None:
    """Median 1000; the distances' median is that of 1010, log 1.01: the limit is 1.01 ** (3.5 / 0.6745) = 1.053."""
    sample = [1000, 1010, 990, 1000, 1010, 990, 1000, 1010]
    assert outliers([*sample, 1052]) == ()
    assert outliers([*sample, 1054]) == (8,)


def test_a_sample_of_equal_times_has_no_outliers() -> None:
    assert outliers([7] * 8) == ()
    assert outliers([7] * 7 + [900]) == ()


def test_fewer_than_six_samples_have_neither() -> None:
    assert outliers([100, 101, 102, 103, 900]) == ()
    assert modes([100, 101, 900, 901]) is None
    assert outliers([]) == ()
    assert modes([]) is None


def test_two_groups() -> None:
    assert modes([200, 101, 100, 202, 102, 204]) == Modes(fast_ns=101, slow_ns=202, slow_share=0.5)
    assert modes([100, 101, 102, 103, 104, 105, 200, 202]) == Modes(fast_ns=102, slow_ns=201, slow_share=0.25)


def test_a_group_is_at_least_a_quarter() -> None:
    assert modes([100, 101, 102, 103, 104, 105, 106, 200]) is None
    assert modes([100, 101, 102, 103, 104, 105, 106, 200, 202]) is None, "two of nine"
    assert modes([20, 101, 102, 103, 104, 105, 106, 107]) is None
    assert modes([20, 21, 102, 103, 104, 105, 106, 107]) == Modes(20, 104, 0.75)


def test_the_gap_is_more_than_five_median_gaps() -> None:
    """Each sample is 1 % above the one before, but for one gap of about five such steps."""

    def with_gap(steps: float) -> list[int]:
        return [round(10**12 * 1.01**step) for step in (0, 1, 2, 3, *(3 + steps + step for step in range(4)))]

    assert modes(with_gap(4.9)) is None
    assert modes(with_gap(5.1)) is not None


def test_an_even_spread_and_equal_times_are_one_group() -> None:
    assert modes(list(range(100, 120))) is None
    assert modes([7] * 8) is None


def test_two_times_only_are_two_groups() -> None:
    assert modes([7] * 4 + [9] * 4) == Modes(7, 9, 0.5)


@given(many, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(samples: list[int], random: object) -> None:
    shuffled = sorted(samples, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert modes(shuffled) == modes(samples)
    assert sorted(shuffled[index] for index in outliers(shuffled)) == sorted(samples[i] for i in outliers(samples))


@given(many)
def test_outliers_are_fewer_than_half_and_groups_lie_in_order(samples: list[int]) -> None:
    assert len(outliers(samples)) < len(samples) / 2
    found = modes(samples)
    if found:
        assert min(samples) <= found.fast_ns < found.slow_ns <= max(samples)
        assert 0.25 <= found.slow_share <= 0.75


@pytest.mark.parametrize("function", [outliers, modes])
def test_an_impossible_time_is_an_error(function: object) -> None:
    with pytest.raises(ValueError, match="impossible time: 0 ns"):
        function([5, 6, 7, 8, 9, 0])  # type: ignore[operator]
