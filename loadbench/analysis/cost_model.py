"""What a load costs, as a sum: a fixed cost, a cost per tensor, a cost per file, and the bytes over a bandwidth.

    t = t0 + alpha * tensors + beta * files + bytes / bandwidth

The terms are fitted to the medians of several checkpoints that one loader loaded with one setting, by non-negative
least squares: no cost is below nothing. Each row is divided by its time, so that relative errors count and a small
checkpoint says as much as a large one. A checkpoint is one row, however often it was loaded: its trials share
whatever the model gets wrong about it.

The intervals are from a bootstrap, and hold both kinds of error. Trials are resampled inside each checkpoint, which
gives the noise of its median. That is not enough: the scatter of the medians about the fit is mostly what the model
does not know (alignment, sizes that are not equal, a storage's cache), and more trials would not make it smaller. Half
a dozen residuals are too few to resample, and too small, as the fit took as many degrees of freedom as it has terms.
So each replicate draws the size of the scatter from the residuals' chi-square distribution (with n checkpoints less p
terms as its degrees of freedom), and with it a relative error for each checkpoint and for the new one. Without the
constraint this is the textbook prediction interval of weighted least squares, with Student's t (Seber and Lee, Linear
Regression Analysis, 2nd ed., section 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from loadbench.analysis.statistics import median
from loadbench.errors import ResultsError
from loadbench.units import NS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

SMALLEST_SERIES = 4
"""Checkpoints below which there is no fit. There must be one more than terms, too: else nothing shows the error."""
REPLICATES = 1000
_QUANTILES = (0.025, 0.975)
_TOLD_APART = 0.01
"""Sine of the angle between a term's column and the others' span, below which it is only their shadow."""
_LARGEST_ERROR = 3.0
"""Of a drawn relative error, as a logarithm: beyond a factor of 20 either way it means no more than that."""

TERMS = ("bytes", "fixed", "tensors", "files")
"""The parts of a time, in the order in which they enter the fit: what varies only with those before it stays out."""
Term = Literal["bytes", "fixed", "tensors", "files"]


@dataclass(frozen=True)
class Observation:
    """A checkpoint and the times in which it was loaded, ns."""

    checkpoint: str
    bytes: int
    tensors: int
    files: int
    samples_ns: tuple[int, ...]


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Unseparated:
    """A term that the checkpoints cannot tell: it was `always` the same, or (None) varied only with the others."""

    term: Literal["tensors", "files"]
    always: int | None


@dataclass(frozen=True)
class CostModel:
    """The fitted costs. A None is a term that was left out; `not_separated` says why."""

    fixed_s: Estimate
    per_tensor_s: Estimate | None
    per_file_s: Estimate | None
    seconds_per_byte: Estimate
    not_separated: tuple[Unseparated, ...]
    checkpoints: int
    scatter: float
    """Relative standard deviation of the checkpoints' medians about the fit."""
    worst_checkpoint: str
    worst_residual: float
    """Its median over its fitted time, less 1: the largest such difference."""
    replicates: tuple[tuple[float, ...], ...] = field(repr=False)
    """The bootstrap: the costs in the order of `TERMS`, 0 for one left out, and the factor of a new checkpoint."""


@dataclass(frozen=True)
class Prediction:
    """The time that the median load of a checkpoint would take, and where 95 % of such medians lie. s."""

    seconds: float
    low: float
    high: float
    parts: dict[Term, float]
    """How the time splits into the terms that were fitted. s."""


def fit(observations: Sequence[Observation], seed: int) -> CostModel:
    """Fit the costs to one series: everything alike but the checkpoint. Too few checkpoints are a ResultsError."""
    import numpy as np

    _require(len(observations), SMALLEST_SERIES)
    seconds = np.array([median(seen.samples_ns) for seen in observations]) / NS
    every = np.array([_row(seen.bytes, seen.tensors, seen.files) for seen in observations], dtype=float)
    kept = _separable(every / seconds[:, None])
    if TERMS.index("fixed") not in kept:
        raise ResultsError(
            f"its {len(observations)} checkpoints are all of one size or nearly so, sizes that differ are needed"
        )
    _require(len(observations), len(kept) + 1)
    design = every[:, kept]
    costs = _solve(design, seconds)
    fitted = design @ costs
    errors = np.log(seconds / fitted)
    freedom = len(observations) - len(kept)
    scatter = float(np.sqrt(errors @ errors / freedom))
    worst = int(np.argmax(abs(errors)))
    of_trials, of_checkpoints = np.random.default_rng(seed).spawn(2)
    replicates = np.zeros((REPLICATES, len(TERMS) + 1))
    replicates[:, [*kept, -1]] = _bootstrap(
        design, fitted, _noise(observations, of_trials), scatter, freedom, of_checkpoints
    )
    estimates = {
        TERMS[term]: Estimate(float(cost), *_interval(replicates[:, term], float(cost)))
        for term, cost in zip(kept, costs, strict=True)
    }
    return CostModel(
        fixed_s=estimates["fixed"],
        per_tensor_s=estimates.get("tensors"),
        per_file_s=estimates.get("files"),
        seconds_per_byte=estimates["bytes"],
        not_separated=_not_separated(observations, kept),
        checkpoints=len(observations),
        scatter=scatter,
        worst_checkpoint=observations[worst].checkpoint,
        worst_residual=float(seconds[worst] / fitted[worst] - 1),
        replicates=tuple(map(tuple, replicates.tolist())),
    )


def predict(model: CostModel, bytes: int, tensors: int, files: int) -> Prediction:
    """The time of a checkpoint that the model has not seen. A term that was left out costs nothing."""
    import numpy as np

    row = np.array(_row(bytes, tensors, files), dtype=float)
    estimates: dict[Term, Estimate | None] = {
        "bytes": model.seconds_per_byte,
        "fixed": model.fixed_s,
        "tensors": model.per_tensor_s,
        "files": model.per_file_s,
    }
    parts = {
        term: known.value * size for (term, known), size in zip(estimates.items(), row.tolist(), strict=True) if known
    }
    seconds = sum(parts.values())
    replicates = np.array(model.replicates)
    return Prediction(seconds, *_interval(replicates[:, :-1] @ row * replicates[:, -1], seconds), parts)


def _row(bytes: int, tensors: int, files: int) -> tuple[int, int, int, int]:
    """What each of the `TERMS` is multiplied by."""
    return bytes, 1, tensors, files


def _require(checkpoints: int, needed: int) -> None:
    if checkpoints < needed:
        noun = "checkpoint" if checkpoints == 1 else "checkpoints"
        raise ResultsError(f"it has {checkpoints} {noun}, at least {needed} that differ are needed")


def _separable(design: Matrix) -> list[int]:
    """The columns that are not linear combinations of those kept before them."""
    import numpy as np

    kept: list[int] = []
    for column in range(design.shape[1]):
        target = design[:, column] / np.linalg.norm(design[:, column])
        others = design[:, kept] / np.linalg.norm(design[:, kept], axis=0)
        shadow = others @ np.linalg.lstsq(others, target, rcond=None)[0]
        if np.linalg.norm(target - shadow) > _TOLD_APART:
            kept.append(column)
    return kept


def _not_separated(observations: Sequence[Observation], kept: Sequence[int]) -> tuple[Unseparated, ...]:
    values = {"tensors": {seen.tensors for seen in observations}, "files": {seen.files for seen in observations}}
    names: tuple[Literal["tensors", "files"], ...] = ("tensors", "files")
    return tuple(
        Unseparated(term, next(iter(values[term])) if len(values[term]) == 1 else None)
        for term in names
        if TERMS.index(term) not in kept
    )


def _solve(design: Matrix, seconds: Matrix) -> Matrix:
    """Non-negative costs with the least sum of squared relative errors. The columns are scaled to one length."""
    import numpy as np
    from scipy.optimize import nnls

    relative = design / seconds[:, None]
    scale = np.linalg.norm(relative, axis=0)
    solution: Matrix = nnls(relative / scale, np.ones(len(seconds)))[0] / scale
    return solution


def _noise(observations: Sequence[Observation], random: np.random.Generator) -> Matrix:
    """The noise of each checkpoint's median by resampling its trials: logarithms, a row for each replicate."""
    import numpy as np

    columns = []
    for seen in observations:
        samples = np.array(seen.samples_ns, dtype=float)
        drawn = random.choice(samples, (REPLICATES, len(samples)))
        columns.append(np.log(np.median(drawn, axis=1) / np.median(samples)))
    return np.stack(columns, axis=1)


def _bootstrap(
    design: Matrix, fitted: Matrix, noise: Matrix, scatter: float, freedom: int, random: np.random.Generator
) -> Matrix:
    """Costs fitted to each replicate, and the factor by which a new checkpoint's median would miss the model.

    A drawn scatter holds the noise of the medians, which is in the replicate already; the rest is the model's error.
    """
    import numpy as np

    variance = scatter**2 * freedom / random.chisquare(freedom, len(noise))
    of_noise = float(np.mean(np.var(noise, axis=0)))
    of_model = np.sqrt(np.maximum(variance - of_noise, 0))[:, None]
    total = np.sqrt(np.maximum(variance, of_noise))
    errors = noise + of_model * random.standard_normal(noise.shape)
    drawn = fitted * np.exp(np.clip(errors, -_LARGEST_ERROR, _LARGEST_ERROR))
    factors = np.exp(np.clip(total * random.standard_normal(len(noise)), -_LARGEST_ERROR, _LARGEST_ERROR))
    return np.column_stack([np.stack([_solve(design, seconds) for seconds in drawn]), factors])


def _interval(values: Matrix, value: float) -> tuple[float, float]:
    """The middle 95 % of the values; it always holds the estimate itself."""
    import numpy as np

    low, high = (float(bound) for bound in np.quantile(values, _QUANTILES))
    return min(low, value), max(high, value)
