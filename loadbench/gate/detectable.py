"""How small a slowdown the gate can find: it must be seen twice, by the screening and by the confirmation."""

from collections.abc import Sequence
from math import expm1, log1p

from loadbench.analysis.power import SMALLEST_POOL
from loadbench.analysis.ratio import critical
from loadbench.gate.result import Rules

POWER = 0.8
_REPLICATES = 4000
_FLAGGED = 2
"""Of several cases, one more than the slow one is expected to be flagged: what Holm's first test is held against."""


def detectable(residuals: Sequence[float], cases: int, rules: Rules, *, power: float = POWER) -> float | None:
    """The smallest slowdown (0.12 is 12 %) that a gate of so many cases calls a regression with this power.

    Both stages are drawn from the residuals with replacement, and a replicate's slowdown is the larger one of what
    the two tests need (see analysis/power.py). None for fewer than 10 residuals, or where no slowdown can be found.
    """
    import numpy as np

    alpha = rules.alpha / (_FLAGGED if cases > 1 else 1)
    stages = ((rules.screen_rounds, rules.screen_p), (rules.confirm_rounds, alpha))
    ranks = [critical(n, n, limit) for n, limit in stages]
    if len(residuals) < SMALLEST_POOL or None in ranks:
        return None
    chance = np.random.default_rng(0)
    pool = np.asarray(residuals)
    needed = np.zeros(_REPLICATES)
    for (n, _), rank in zip(stages, ranks, strict=True):
        assert rank is not None
        draws = chance.choice(pool, (_REPLICATES, 2, n))
        differences = (draws[:, 1, :, None] - draws[:, 0, None, :]).reshape(_REPLICATES, n * n)
        # The rank-th largest difference has to be lifted over the margin.
        its = log1p(rules.margin) - np.partition(differences, n * n - rank, axis=1)[:, n * n - rank]
        needed = np.maximum(needed, its)
    return max(0.0, expm1(float(np.quantile(needed, power, method="higher"))))
