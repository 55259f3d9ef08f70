"""The top set: who is in it, in which order, and that a case that is level is rarely left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench.analysis.multiple import holm
from loadbench.analysis.ratio import slower_p
from loadbench.analysis.statistics import median
from loadbench.analysis.top_set import top_set

# The first use imports scipy, which takes longer than hypothesis allows an example.
unhurried = settings(deadline=None)
sweeps = st.lists(st.lists(st.integers(10**8, 10**9), min_size=1, max_size=9), min_size=1, max_size=6)
FAST = [100, 101, 102, 103, 104, 105]


def slower(percent: int) -> list[int]:
    return [time * (100 + percent) for time in FAST]


def test_a_clearly_slower_case_is_out_and_a_level_one_is_in() -> None:
    found = top_set([slower(50), slower(0), slower(1), slower(80)])
    assert found.best == 1
    assert found.members == (1, 2)
    assert found.p_values[1] == 1
    assert found.p_values[0] == found.p_values[3] == pytest.approx(1 / 924)
    assert found.p_values[2] > 0.05


def test_a_case_within_the_margin_is_in() -> None:
    level = [one + 2 * 10**6 * place for place, one in enumerate([10**9] * 9)]
    other = [round(1.015 * time) for time in level]
    assert top_set([level, other]).members == (0, 1)
    assert top_set([level, other], margin=0).members == (0,)


def test_more_cases_need_more_evidence() -> None:
    """1 in 70 is the smallest probability of 4 against 4: enough for 3 tests at 5 %, not for 4."""
    assert top_set([FAST[:4], *[slower(50)[:4]] * 3]).members == (0,)
    assert top_set([FAST[:4], *[slower(50)[:4]] * 4]).members == (0, 1, 2, 3, 4)


def test_alpha_is_for_all_tests_together() -> None:
    """1 in 924 is the smallest probability of 6 against 6."""
    assert top_set([FAST, slower(50)], alpha=1.1 / 924).members == (0,)
    assert top_set([FAST, slower(50)], alpha=0.9 / 924).members == (0, 1)


def test_samples_too_small_to_show_anything_are_all_members() -> None:
    assert top_set([[300, 301], [100, 101], [200, 201]]).members == (1, 2, 0)
    assert top_set([[9], [1]]).members == (1, 0)


def test_one_case_is_its_own_top_set() -> None:
    found = top_set([FAST])
    assert (found.best, found.members, found.p_values) == (0, (0,), (1.0,))


@unhurried
@given(sweeps)
def test_members_are_what_holm_leaves_ordered_by_median(samples: list[list[int]]) -> None:
    found = top_set(samples)
    medians = [median(times) for times in samples]
    assert medians[found.best] == min(medians)
    assert found.members[0] == found.best
    assert [medians[case] for case in found.members] == sorted(medians[case] for case in found.members)
    others = [case for case in range(len(samples)) if case != found.best]
    p_values = [slower_p(samples[found.best], samples[case], 0.02) for case in others]
    assert p_values == [found.p_values[case] for case in others]
    out = {case for case, rejected in zip(others, holm(p_values), strict=True) if rejected}
    assert set(found.members) == set(range(len(samples))) - out


@unhurried
@given(sweeps)
def test_more_margin_or_less_alpha_is_a_larger_set(samples: list[list[int]]) -> None:
    usual = set(top_set(samples).members)
    assert usual <= set(top_set(samples, margin=0.2).members)
    assert usual <= set(top_set(samples, alpha=0.001).members)


@pytest.mark.parametrize("n", [6, 12])
def test_an_equal_case_is_rarely_left_out(n: int) -> None:
    chance = np.random.default_rng(1)
    sweeps = np.exp(chance.normal(20, 0.03, (150, 12, n))).astype(int)
    left_out = sum(len(top_set(sweep.tolist()).members) < 12 for sweep in sweeps)
    assert left_out / 150 < 0.08


@pytest.mark.parametrize(
    ("samples", "message"), [([], "no cases"), ([[1], []], "no samples"), ([[1, 2], [0]], "impossible time")]
)
def test_no_case_and_cases_without_times_are_errors(samples: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        top_set(samples)
