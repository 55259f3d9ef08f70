"""The knee: the smallest value that nothing larger beats by more than the gain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.knee import knee

axes = st.dictionaries(st.integers(0, 64), st.integers(1, 10**6), min_size=2, max_size=8)


@given(axes, st.sampled_from([0.0, 0.03, 0.5]))
def test_no_larger_value_is_faster_by_more_and_no_smaller_one_can_say_so(medians: dict[int, int], gain: float) -> None:
    def pays_to_go_on(value: int) -> bool:
        return any(medians[value] > medians[larger] * (1 + gain) for larger in medians if larger > value)

    found = knee(medians, gain)
    assert found in medians
    assert not pays_to_go_on(found)
    assert all(pays_to_go_on(smaller) for smaller in medians if smaller < found)


@given(axes)
def test_asking_for_more_gain_stops_earlier(medians: dict[int, int]) -> None:
    assert (knee(medians, 0.5) or 0) <= (knee(medians, 0.03) or 0)


def test_a_tie_of_three_thread_counts_is_the_smallest() -> None:
    assert knee({16: 1434, 4: 1443, 8: 1442}) == 4


def test_small_steps_add_up() -> None:
    """No step gives more than 3 %, all together give 8 %."""
    assert knee({1: 108, 2: 106, 4: 104, 8: 102, 16: 100}) == 8
    assert knee({1: 108, 2: 106, 4: 104, 8: 102, 16: 100}, gain=0.05) == 4


def test_a_dip_before_a_gain_is_no_knee() -> None:
    assert knee({1: 100, 2: 200, 4: 50}) == 4
    assert knee({1: 100, 2: 50, 4: 80}) == 2


def test_the_gain_itself_does_not_count() -> None:
    assert knee({1: 120, 2: 100}, gain=0.2) == 1
    assert knee({1: 121, 2: 100}, gain=0.2) == 2


def test_fewer_than_two_values_have_none() -> None:
    assert knee({}) is None
    assert knee({8: 100}) is None


def test_an_impossible_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="impossible time: 0 ns"):
        knee({1: 5, 2: 0})
