"""Which cases are compared, and how many trials that takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.rivals import can_tell_apart, rivals_of
from loadbench.analysis.top_set import top_set
from tests.builders import case


def test_rivals_share_all_conditions() -> None:
    cold, other, warm, elsewhere = case("a"), case("b"), case("a", cache="warm"), case("a", checkpoint="large")
    assert list(rivals_of([cold, warm, elsewhere, other]).values()) == [[cold, other], [warm], [elsewhere]]


@pytest.mark.parametrize(("n", "most"), [(4, 4), (5, 13), (6, 47), (9, 2432)])
def test_how_many_cases_so_many_trials_tell_apart(n: int, most: int) -> None:
    assert can_tell_apart(most, n)
    assert not can_tell_apart(most + 1, n)


@given(st.integers(2, 60), st.integers(3, 7))
def test_the_top_set_keeps_what_cannot_be_told_apart(cases: int, n: int) -> None:
    """One case is ten times as fast as all others: they are out if, and only if, so many trials can show it."""
    fast = [100 + step for step in range(n)]
    slow = [1000 + step for step in range(n)]
    assert (len(top_set([fast, *[slow] * (cases - 1)]).members) == 1) == can_tell_apart(cases, n)
