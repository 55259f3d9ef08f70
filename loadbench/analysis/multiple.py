"""Many tests at once: each finds a difference where there is none in one of twenty tries, so many find one surely."""

from collections.abc import Sequence


def holm(p_values: Sequence[float], alpha: float = 0.05) -> tuple[bool, ...]:
    """Which hypotheses are rejected, in the given order; the chance that any of them is true is at most alpha.

    Holm's step-down procedure: the k-th smallest of m p-values, from 0, is held against alpha / (m - k), and the
    first that is larger ends it (Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian
    Journal of Statistics 6, 1979). The tests may depend on each other. What is no probability is a ValueError.
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError(f"not all are probabilities: {list(p_values)}")
    rejected = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        rejected[index] = True
    return tuple(rejected)


def holm_limits(p_values: Sequence[float], alpha: float) -> list[float]:
    """What Holm's procedure holds each p-value against, in the given order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    ranks = {index: rank for rank, index in enumerate(order)}
    return [alpha / (len(p_values) - ranks[index]) for index in range(len(p_values))]
