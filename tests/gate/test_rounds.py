"""Interleaved pairs: every case on both sides in every round, disturbed trials again, broken pairs not."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.errors import UsageError
from loadbench.gate.pairs import Pair, pair_alike, pair_in_order
from loadbench.gate.rounds import Turn, paired_rounds, round_turns
from loadbench.records import Case, Record
from tests.builders import bad, case, ok

PAIRS = [
    Pair(str(number), case(tunables={"threads": number}), case(tunables={"threads": number})) for number in range(4)
]


@given(st.integers(0, 2**31), st.integers(1, 50))
def test_a_round_has_every_pair_side_by_side(seed: int, number: int) -> None:
    turns = round_turns(PAIRS, seed, number)
    assert Counter((turn.pair.name, turn.which) for turn in turns) == Counter(
        (pair.name, which) for pair in PAIRS for which in ("base", "head")
    )
    assert all(one.pair == other.pair for one, other in zip(turns[::2], turns[1::2], strict=True))
    assert turns == round_turns(PAIRS, seed, number)


def test_either_side_goes_first_and_the_order_changes() -> None:
    rounds = [round_turns(PAIRS, 7, number) for number in range(1, 101)]
    first = Counter(turn.which for turns in rounds for turn in turns[::2])
    assert 150 <= first["base"] <= 250
    assert len({tuple(turn.pair.name for turn in turns[::2]) for turns in rounds}) > 10


def test_disturbed_trials_are_queued_again_at_the_end_of_their_round() -> None:
    def trial(turn: Turn) -> Record:
        if turn.pair.name == "1" and turn.which == "head" and turn.attempt < 3:
            return bad(turn.pair.head, turn.round, "disturbed", "cpu", attempt=turn.attempt)
        return ok(turn.pair.head, turn.round, 10, attempt=turn.attempt)

    found = list(paired_rounds(PAIRS, range(1, 3), 0, trial))
    for number in (1, 2):
        its = [turn for turn, _ in found if turn.round == number]
        assert [(turn.pair.name, turn.attempt) for turn in its[8:]] == [("1", 2), ("1", 3)]


def test_a_trial_is_tried_three_times_at_most() -> None:
    found = list(paired_rounds(PAIRS[:1], range(1, 2), 0, lambda _: bad(case(), 1, "disturbed", "cpu")))
    assert Counter(turn.which for turn, _ in found) == {"base": 3, "head": 3}


def test_a_broken_pair_is_not_tried_again() -> None:
    def trial(turn: Turn) -> Record:
        broken = turn.pair.name == "2" and turn.which == "base"
        return bad(turn.pair.base, turn.round, "failed", "no") if broken else ok(turn.pair.base, turn.round, 10)

    found = list(paired_rounds(PAIRS, range(1, 6), 0, trial))
    tried = Counter(turn.pair.name for turn, _ in found)
    assert tried["2"] <= 2
    assert tried["1"] == 10


def test_equal_cases_are_paired_and_the_rest_is_named() -> None:
    old, shared, new = (case(tunables={"threads": number}) for number in (1, 2, 3))
    paired = pair_alike([old, shared], [shared, new])
    assert [pair.name for pair in paired.pairs] == [shared.name]
    assert (paired.missing, paired.new) == ((old,), (new,))


def test_cases_in_order_are_named_by_what_differs() -> None:
    paired = pair_in_order(
        [case(tunables={"threads": 8, "buffer": 2**23})], [case(tunables={"threads": 16, "buffer": 2**23})]
    )
    (pair,) = paired.pairs
    assert pair.settings == "buffer=8M threads=8→16"
    assert pair.name.endswith("/buffer=8M/threads=8→16")


@pytest.mark.parametrize(
    ("base", "head", "words"),
    [
        ([case()], [case(), case("tensorizer")], "1 cases and the candidate 2"),
        ([case()], [case("tensorizer")], "cannot be paired"),
        ([case(cache="cold")], [case(cache="warm")], "cannot be paired"),
    ],
)
def test_what_cannot_be_paired_is_told(base: list[Case], head: list[Case], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        pair_in_order(base, head)


def test_a_case_twice_is_told() -> None:
    with pytest.raises(UsageError, match="twice"):
        pair_alike([case(), case()], [case()])
