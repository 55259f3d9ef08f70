"""What earlier trials say about the cost of later ones."""

from datetime import UTC, datetime, timedelta

import pytest

from loadbench.analysis.timings import estimate, expected_rounds, spread, timed
from loadbench.records import Case, Record
from tests import builders

START = datetime(2026, 1, 2, tzinfo=UTC)


def trial(case: Case, round: int, load_ms: float, started_s: float, **fields: int) -> Record:
    record = builders.ok(case, round, load_ms)
    started = (START + timedelta(seconds=started_s)).isoformat(timespec="milliseconds")
    return record.model_copy(update={"started_at": started, **fields})


def test_a_trial_costs_the_time_until_the_next_one_starts() -> None:
    case = builders.case()
    records = [trial(case, 1, 400, 0), trial(case, 2, 500, 1.5), trial(case, 3, 450, 4)]
    assert [(one.load_s, one.wall_s) for one in timed(records)] == [(0.4, 1.5), (0.5, 2.5)]


def test_the_pause_between_two_sessions_is_no_trial_s() -> None:
    case = builders.case()
    records = [trial(case, 1, 400, 0), trial(case, 2, 400, 9000, session=1), trial(case, 3, 400, 9001, session=1)]
    assert [one.wall_s for one in timed(records)] == [1.0]


def test_a_clock_that_was_set_back_gives_nothing() -> None:
    case = builders.case()
    assert timed([trial(case, 1, 400, 10), trial(case, 2, 400, 2)]) == []


def test_the_nearest_trials_decide() -> None:
    case, other = builders.case(tunables={"threads": 8}), builders.case(tunables={"threads": 16})
    elsewhere = builders.case(checkpoint="large")
    mmap = builders.case("safetensors-mmap")
    records = [trial(case, 1, 400, 0), trial(other, 1, 400, 1), trial(mmap, 1, 900, 3), trial(mmap, 2, 900, 8)]
    history = timed(records)
    size = builders.GPT2_BYTES
    costs = {
        wanted.name: (found.basis, found.wall_s)
        for wanted in (case, builders.case(tunables={"threads": 32}), elsewhere, builders.case("tensorizer"))
        if (found := estimate(wanted, size, history))
    }
    assert costs[case.name] == ("this case", 1.0)
    assert costs["fastsafetensors-nogds/gpt2/device=cpu/cache=cold/contract=owned/dtype=auto/threads=32"] == (
        "this checkpoint", 1.5,
    )  # fmt: skip
    assert costs[elsewhere.name] == ("this loader", 1.5)
    assert costs[builders.case("tensorizer").name] == ("any loader", (1 + 2 + 5) / 3)
    assert estimate(builders.case(cache="warm"), size, history) is None


def test_a_larger_checkpoint_costs_more_but_not_for_what_every_trial_needs() -> None:
    case = builders.case()
    history = timed([trial(case, 1, 400, 0), trial(case, 2, 400, 1.3)])
    found = estimate(builders.case(checkpoint="large"), 10 * builders.GPT2_BYTES, history)
    assert found
    assert found.wall_s == pytest.approx(0.3 + 10 * 1.0)


def test_spread_is_around_each_case_s_own_median() -> None:
    fast, slow = builders.case(), builders.case("safetensors-mmap")
    records = []
    for number in range(4):
        records += [trial(fast, number + 1, 100, 2 * number), trial(slow, number + 1, 900, 2 * number + 1)]
    assert set(spread(timed(records))) == {0.0}


def test_steady_cases_need_few_rounds_and_wild_ones_all() -> None:
    ladder = [6, 9, 12, 15, 20]
    assert expected_rounds(ladder, 20, 0.05, [-0.01, 0.0, 0.01]) == 6
    assert expected_rounds(ladder, 20, 0.05, [-0.5, 0.0, 0.5]) == 20
    assert 6 < expected_rounds(ladder, 20, 0.05, [-0.06, -0.03, 0.0, 0.0, 0.03, 0.06]) < 20


def test_a_plan_of_more_rounds_than_the_ladder_goes_on_to_its_end() -> None:
    assert expected_rounds([6, 9, 12, 15, 20], 30, 0.05, [-0.5, 0.0, 0.5]) == 30
    assert expected_rounds([6, 9], 10, 0.05, [-0.5, 0.0, 0.5]) == 10
    assert expected_rounds([6, 9], 10, 0.05, [-0.01, 0.0, 0.01]) == 6


def test_spread_does_not_take_a_shift_between_runs_for_scatter() -> None:
    case = builders.case()
    slow, fast = ([trial(case, n + 1, ms, n) for n in range(4)] for ms in (900, 100))
    assert set(spread([*timed(slow, "monday"), *timed(fast, "tuesday")])) == {0.0}


def test_what_was_disturbed_before_it_succeeded_is_part_of_its_cost() -> None:
    case = builders.case()
    disturbed = trial(case, 1, 400, 0).model_copy(update={"status": "disturbed", "reason": "cpu: others"})
    records = [disturbed, trial(case, 1, 400, 2, attempt=2), trial(case, 2, 400, 3), trial(case, 3, 400, 4)]
    assert [one.wall_s for one in timed(records)] == [3.0, 1.0]
