"""When a case has enough trials: by the width of its interval at the steps of the ladder, and nothing else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench.analysis.precision import (
    LADDER,
    PRECISION,
    Precision,
    half_width,
    precision,
    rounds_wanted,
    samples_by_round,
)
from loadbench.analysis.statistics import ranks
from loadbench.records import Plan
from tests.builders import bad, case, ok

# The first interval imports scipy, which takes longer than hypothesis allows an example.
unhurried = settings(deadline=None)
CASE = case()
times = st.lists(st.integers(10**8, 10**9), min_size=1, max_size=20)
STEADY = dict.fromkeys(range(1, 21), 10**9)
NOISY = {number: 10**9 * (1 + number % 3) for number in range(1, 21)}


def plan(**fields: Any) -> Plan:
    made: dict[str, Any] = {
        "cases": [CASE],
        "rounds": 20,
        "ladder": list(LADDER),
        "precision": PRECISION,
        "seed": 1,
        "timeout_s": 9,
    }
    return Plan(**made | fields)


def test_half_width_by_hand() -> None:
    assert half_width([100, 110, 120, 130, 140, 150]) == (150 - 100) / 2 / 125
    assert half_width([100, 110, 120, 130, 140]) is None, "five samples have no interval"
    assert half_width([7]) is None
    assert half_width([]) is None


@unhurried
@given(times, st.integers(2, 100))
def test_half_width_has_no_unit(samples: list[int], factor: int) -> None:
    even = [2 * sample for sample in samples]
    assert half_width([factor * sample for sample in even]) == pytest.approx(half_width(even))


def test_each_step_of_the_ladder_leaves_out_one_more_sample_at_each_end() -> None:
    assert [ranks(step)[0] for step in LADDER[:4]] == [1, 2, 3, 4]
    assert all(ranks(step)[0] > ranks(step - 1)[0] for step in LADDER[1:])


def test_a_target_is_met_up_to_its_own_width() -> None:
    assert Precision(0.05, 0.05).met
    assert not Precision(0.051, 0.05).met
    assert not Precision(None, 0.05).met
    assert not Precision(0.01, None).met


def test_the_target_is_that_of_the_cache_state() -> None:
    samples = [100, 101, 102, 103, 104, 108]
    assert precision(plan(), CASE, samples) == Precision(half_width(samples), 0.05)
    assert precision(plan(), case(cache="warm"), samples) == Precision(half_width(samples), 0.03)
    assert precision(plan(), CASE, samples).met
    assert not precision(plan(), case(cache="warm"), samples).met


def test_without_a_ladder_there_is_no_target() -> None:
    assert precision(plan(ladder=[]), CASE, [100] * 6) == Precision(0, None)


def test_a_precise_case_stops_at_the_first_step_and_a_noisy_one_has_all_rounds() -> None:
    assert rounds_wanted(plan(), CASE, STEADY) == 6
    assert rounds_wanted(plan(), CASE, NOISY) == 20


def test_a_case_stops_at_a_step_only() -> None:
    """The 7th trial would do, but 6 were not enough and the next step is 9."""
    samples = {1: 2 * 10**9} | dict.fromkeys(range(2, 21), 10**9)
    assert rounds_wanted(plan(), CASE, {number: samples[number] for number in range(1, 7)}) == 20
    assert rounds_wanted(plan(), CASE, samples) == 9


def test_a_case_without_trials_wants_all_rounds() -> None:
    assert rounds_wanted(plan(), CASE, {}) == 20
    assert rounds_wanted(plan(), CASE, dict.fromkeys(range(1, 6), 10**9)) == 20


def test_a_step_counts_trials_not_rounds() -> None:
    """One of six rounds has no trial that counts: five samples have no interval."""
    samples = {number: 10**9 for number in range(1, 21) if number != 3}
    assert rounds_wanted(plan(), CASE, samples) == 9


def test_later_rounds_do_not_change_the_answer() -> None:
    early = {number: 10**9 + number for number in range(1, 7)}
    late = {number: 10**9 * number for number in range(7, 21)}
    assert rounds_wanted(plan(), CASE, early) == rounds_wanted(plan(), CASE, early | late) == 6


@unhurried
@given(st.dictionaries(st.integers(1, 20), st.integers(10**8, 10**9), max_size=20), st.integers(1, 20))
def test_the_answer_does_not_change_once_the_step_is_reached(samples: dict[int, int], rounds: int) -> None:
    wanted = rounds_wanted(plan(), CASE, samples)
    assert wanted in LADDER
    so_far = {number: sample for number, sample in samples.items() if number <= max(rounds, wanted)}
    assert rounds_wanted(plan(), CASE, so_far) == wanted


def test_rounds_end_the_ladder() -> None:
    assert rounds_wanted(plan(rounds=4), CASE, STEADY) == 4
    assert rounds_wanted(plan(rounds=8), CASE, NOISY) == 8
    assert rounds_wanted(plan(rounds=8), CASE, STEADY) == 6


def test_sentinels_and_fixed_rounds_go_to_the_end() -> None:
    assert rounds_wanted(plan(sentinels=[CASE]), CASE, STEADY) == 20
    assert rounds_wanted(plan(sentinels=[case(cache="warm")]), CASE, STEADY) == 6
    assert rounds_wanted(plan(ladder=[]), CASE, STEADY) == 20


def test_samples_are_of_the_trials_that_count() -> None:
    records = [
        ok(CASE, 1, 100),
        bad(CASE, 2, "disturbed", "not cold"),
        ok(CASE, 2, 102, attempt=2),
        bad(CASE, 3, "timeout", "killed"),
        ok(CASE, 4, 0),
        ok(CASE, 6, 106).model_copy(update={"status": "invalid"}),
        ok(CASE, 5, 105).model_copy(update={"timing": None}),
    ]
    assert samples_by_round(records) == {1: 100_000_000, 2: 102_000_000}


def test_stopping_when_precise_keeps_the_interval_honest() -> None:
    """The ladder looks five times; the interval where it stops still covers the median nearly as often as it says."""
    chance = np.random.default_rng(1)
    covered, stops = 0, set()
    for row in np.exp(chance.normal(20, 0.06, (400, 20))):
        samples = dict(enumerate((1000 * row).astype(int).tolist(), 1))
        stop = rounds_wanted(plan(), CASE, samples)
        low, high = ranks(stop)
        ordered = sorted(samples[number] for number in range(1, stop + 1))
        covered += ordered[low - 1] <= 1000 * np.exp(20) <= ordered[high - 1]
        stops.add(stop)
    assert stops == set(LADDER)
    assert covered / 400 > 0.92
