"""Which cases are compared with each other, and how many trials of each that takes at least."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb

from loadbench.records import Case


@dataclass(frozen=True)
class Condition:
    """What two figures must share to be compared."""

    checkpoint: str
    cache: str
    device: str
    contract: str
    dtype: str

    @classmethod
    def of(cls, case: Case) -> "Condition":
        """The condition that the case is tried under."""
        return cls(case.checkpoint, case.cache, case.device, case.contract, case.dtype)


def rivals_of(cases: Iterable[Case]) -> dict[Condition, list[Case]]:
    """The cases of each condition."""
    groups: dict[Condition, list[Case]] = {}
    for case in cases:
        groups.setdefault(Condition.of(case), []).append(case)
    return groups


def share_of_alpha(cases: int, alpha: float = 0.05) -> float:
    """What the first of Holm's tests is held against where so many cases are compared with the best of them."""
    return alpha / max(1, cases - 1)


def can_tell_apart(cases: int, n: int) -> bool:
    """Whether n trials of each of so many cases can show that one is slower than the best.

    All trials of the one being slower than all of the other has probability 1 / C(2n, n) if they are equal: no
    exact rank test has a smaller p-value. With 6 trials that is enough for 47 cases, with 9 for 2,432.
    """
    return 1 / comb(2 * n, n) <= share_of_alpha(cases)
