"""The rounds of an A/B gate: every case on both sides, one right after the other, a coin says which goes first."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from loadbench.gate.pairs import Pair
from loadbench.records import Record
from loadbench.sweep.rounds import ATTEMPTS

Which = Literal["base", "head"]
_VOID = ("failed", "timeout", "invalid")
"""After one of these a pair cannot pass any more: it is not tried again."""


@dataclass(frozen=True)
class Turn:
    """One trial of a round."""

    pair: Pair
    which: Which
    round: int
    attempt: int = 1


Try = Callable[[Turn], Record]


def paired_rounds(pairs: Sequence[Pair], rounds: range, seed: int, trial: Try) -> Iterator[tuple[Turn, Record]]:
    """Try all pairs in all rounds. A disturbed trial is queued again at the end of its round, twice at most."""
    void: set[str] = set()
    for number in rounds:
        queue = [turn for turn in round_turns(pairs, seed, number) if turn.pair.name not in void]
        while queue:
            again = []
            for turn in queue:
                if turn.pair.name in void:
                    continue
                record = trial(turn)
                yield turn, record
                if record.status == "disturbed" and turn.attempt < ATTEMPTS:
                    again.append(Turn(turn.pair, turn.which, number, turn.attempt + 1))
                if record.status in _VOID:
                    void.add(turn.pair.name)
            queue = again


def round_turns(pairs: Sequence[Pair], seed: int, number: int) -> list[Turn]:
    """The order of one round: the pairs in a random order, in each pair either side first, the same for a seed."""
    chance = random.Random(f"{seed}/{number}")
    order = list(pairs)
    chance.shuffle(order)
    sides: tuple[tuple[Which, Which], ...] = (("base", "head"), ("head", "base"))
    return [Turn(pair, which, number) for pair in order for which in chance.choice(sides)]
