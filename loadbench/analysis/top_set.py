"""The cases of a sweep that may be the fastest one."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadbench.analysis.multiple import holm
from loadbench.analysis.ratio import slower_p
from loadbench.analysis.statistics import median

MARGIN = 0.02
"""A case that is not shown to be slower than the best by more than this is level with it."""
ALPHA = 0.05


@dataclass(frozen=True)
class TopSet:
    """The case with the smallest median and all that are not shown to be slower. Cases are indices into the list.

    It is a set because the best one was picked by the very times that are then compared with it: luck helped to
    pick it (the winner's curse), its own figure is a little too good, and another trial of all may pick another.
    """

    best: int
    members: tuple[int, ...]
    """The best one and those level with it, by their medians."""
    p_values: tuple[float, ...]
    """For each case of the list: how probable times as slow as these are, were it within the margin. 1 for the best."""


def top_set(samples: Sequence[Sequence[int]], margin: float = MARGIN, alpha: float = ALPHA) -> TopSet:
    """The top set of cases, each given by its times in ns. No case, or one without a time, is a ValueError.

    Each case is held against the best by the one-sided exact Mann-Whitney test with `margin` (0.02 is 2 %), and
    Holm's procedure over these tests says which ones are slower. Since luck helped to pick the best, alpha is not
    held: of 12 equal, noisy cases with 6 trials, 9 sweeps of 100 leave out one or more. What is promised is 10.
    Samples that are too small to show anything, as 4 against 4 of five cases, leave every case a member.
    """
    if not samples:
        raise ValueError("no cases")
    order = sorted(range(len(samples)), key=lambda case: median(samples[case]))
    best, *others = order
    p_of_others = [slower_p(samples[best], samples[case], margin) for case in others]
    slower = holm(p_of_others, alpha)
    p_values = dict(zip(others, p_of_others, strict=True)) | {best: 1.0}
    return TopSet(
        best=best,
        members=(best, *(case for case, out in zip(others, slower, strict=True) if not out)),
        p_values=tuple(p_values[case] for case in range(len(samples))),
    )
