"""How small a slowdown the gate can find: it must be seen twice, by the screening and by the confirmation."""

from collections.abc import Sequence
from math import expm1

from loadbench.analysis.power import SMALLEST_POOL, needed_logs, replicates_of
from loadbench.analysis.ratio import critical
from loadbench.gate.result import Rules

POWER = 0.8
_REPLICATES = 4000
_FLAGGED = 2
"""Of several cases, one more than the slow one is expected to be flagged: what Holm's first test is held against."""


def detectable(
    residuals: Sequence[float], cases: int, rules: Rules, *, power: float = POWER, flagged: int = 0
) -> float | None:
    """The smallest slowdown (0.12 is 12 %) that a gate of so many cases calls a regression with this power.

    `flagged` is how many cases the confirmation has to tell apart, where that is known: Holm's first test is held
    against alpha over it. Both stages are drawn from the residuals with replacement, and a replicate's slowdown is the
    larger one of what the two tests need (see analysis/power.py). None for fewer than 10 residuals, or where no
    slowdown can be found.
    """
    import numpy as np

    alpha = rules.alpha / max(_FLAGGED if cases > 1 else 1, flagged)
    stages = ((rules.screen_rounds, rules.screen_p), (rules.confirm_rounds, alpha))
    ranks = [critical(n, n, limit) for n, limit in stages]
    if len(residuals) < SMALLEST_POOL or None in ranks:
        return None
    chance = np.random.default_rng(0)
    pool = np.asarray(residuals)
    replicates = min(replicates_of(n, _REPLICATES) for n, _ in stages)
    needed = np.zeros(replicates)
    for (n, _), rank in zip(stages, ranks, strict=True):
        assert rank is not None
        its = needed_logs(chance.choice(pool, (replicates, 2, n)), rank, rules.margin)
        needed = np.maximum(needed, its)
    return max(0.0, expm1(float(np.quantile(needed, power, method="higher"))))
