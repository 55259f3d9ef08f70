"""What a checkpoint's load would take, by the series of one machine: a figure, its interval, and its doubts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadbench.analysis.ceilings import Ceilings, Stage, stages_of
from loadbench.analysis.cost_model import CostModel, Observation, Prediction, fit, predict
from loadbench.analysis.statistics import median
from loadbench.errors import ResultsError
from loadbench.report.prediction_series import Pool, Series, series_text
from loadbench.report.text import count, short
from loadbench.units import NS, human_seconds, human_size

BEYOND = 1.1
"""A target that exceeds everything measured by more than this factor is extrapolated to."""
SEED = 0
"""Of the bootstrap: the same results give the same figures."""
ADVICE = "Sweep at least 4 checkpoints that differ: loadbench sweep --config configs/cost-model.toml"


@dataclass(frozen=True)
class Target:
    """The checkpoint to predict, made or not. `bytes` are those of its tensors."""

    name: str
    bytes: int
    file_bytes: int
    tensors: int
    files: int


@dataclass(frozen=True)
class Bound:
    """The least time in which this machine can move the target's bytes, by its slowest stage."""

    stage: Stage
    seconds: float
    bytes_per_second: float


@dataclass(frozen=True)
class HeldOut:
    """A checkpoint that was kept from the fit: what the fit says, and what was measured."""

    prediction: Prediction
    measured_s: float
    trials: int

    @property
    def error(self) -> float:
        """Predicted over measured, less 1."""
        return self.prediction.seconds / self.measured_s - 1

    @property
    def inside(self) -> bool:
        """Whether the measured median lies in the interval."""
        return self.prediction.low <= self.measured_s <= self.prediction.high


@dataclass(frozen=True)
class Row:
    """The prediction of one series."""

    series: Series
    fitted: tuple[Observation, ...]
    model: CostModel
    prediction: Prediction
    bound: Bound | None
    below_bound: bool
    """Predicted faster than the bound. The figure stays: one of two measurements is wrong, and it may be the bound."""
    warnings: tuple[str, ...]
    held_out: tuple[HeldOut, ...]


@dataclass(frozen=True)
class Forecast:
    """The predictions of all series that can be fitted, and why the others cannot."""

    target: Target
    pool: Pool
    hold_out: str | None
    rows: tuple[Row, ...]
    left_out: tuple[tuple[Series, str], ...]

    @property
    def common_warnings(self) -> tuple[str, ...]:
        """The warnings that hold for every row."""
        first, *others = self.rows
        return tuple(text for text in first.warnings if all(text in row.warnings for row in others))

    @property
    def several_storages(self) -> bool:
        """Whether its series have to be told apart by their storage."""
        every = [*(row.series for row in self.rows), *(series for series, _ in self.left_out)]
        return len({series.storage for series in every}) > 1


def forecast(target: Target, pool: Pool, series: Sequence[Series], hold_out: str | None = None) -> Forecast:
    """Fit and predict each series. A ResultsError where none can be fitted, or none has what is held out."""
    rows = []
    left_out = []
    for one in series:
        try:
            rows.append(_row(target, pool, one, hold_out))
        except ResultsError as error:
            left_out.append((one, str(error)))
    if not rows:
        reasons = "; ".join(dict.fromkeys(reason for _, reason in left_out))
        without = f" without {hold_out}" if hold_out is not None else ""
        raise ResultsError(f"No series can be fitted{without}: {reasons}. {ADVICE}")
    if hold_out is not None and not any(row.held_out for row in rows):
        lacking = "; ".join(series_text(row.series, storage=True) for row in rows)
        raise ResultsError(
            f"{hold_out} has no figure in any series that can be fitted: {lacking}. "
            "Hold out another checkpoint, or ask for more loaders or caches."
        )
    return Forecast(target, pool, hold_out, tuple(rows), tuple(left_out))


def _row(target: Target, pool: Pool, series: Series, hold_out: str | None) -> Row:
    kept = tuple(seen for seen in series.observations if seen.checkpoint != hold_out)
    model = fit(kept, SEED)
    prediction = predict(model, target.bytes, target.tensors, target.files)
    bound = _bound(target, series, pool.ceilings[series.storage])
    below = bound is not None and prediction.seconds < bound.seconds
    warnings = [*_beyond(target, kept), *_unknown(target, model), *_memory(target, series, pool.machine.memory_bytes)]
    if bound is not None and below:
        warnings.append(
            f"predicted faster than the {human_seconds(bound.seconds)} that its {bound.stage} ceiling allows: "
            "take that as the least"
        )
    held = (
        HeldOut(
            predict(model, seen.bytes, seen.tensors, seen.files), median(seen.samples_ns) / NS, len(seen.samples_ns)
        )
        for seen in series.observations
        if seen.checkpoint == hold_out
    )
    return Row(series, kept, model, prediction, bound, below, tuple(warnings), tuple(held))


def _bound(target: Target, series: Series, ceilings: Ceilings) -> Bound | None:
    """The slowest of the stages that the bytes pass, each at the best rate of any run. None where one is not known."""
    delivered = round(target.bytes * series.delivered_share)
    stages = stages_of(series.case, target.bytes, delivered, past_cache=series.past_cache)
    bounds = ceilings.bounds_of(stages, None, series.case.device)
    if bounds is None:
        return None
    slowest = bounds.lower
    return Bound(slowest.stage, slowest.ns / NS, dict(stages)[slowest.stage] / max(1, slowest.ns) * NS)


def _beyond(target: Target, fitted: Sequence[Observation]) -> Iterable[str]:
    """In what the target is unlike anything measured."""
    largest = max(seen.bytes for seen in fitted)
    smallest = min(seen.bytes for seen in fitted)
    if target.bytes > BEYOND * largest:
        yield (
            f"extrapolation: {_times(target.bytes / largest)} the largest checkpoint measured ({human_size(largest)})"
        )
    elif target.bytes * BEYOND < smallest:
        yield f"extrapolation: smaller than the smallest checkpoint measured ({human_size(smallest)})"
    tensors = max(seen.tensors for seen in fitted)
    if target.tensors > BEYOND * tensors:
        yield f"extrapolation: {_times(target.tensors / tensors)} the most tensors measured ({tensors:,})"
    files = max(seen.files for seen in fitted)
    if target.files > BEYOND * files:
        yield f"extrapolation: {_times(target.files / files)} the most files measured ({files:,})"


def _times(factor: float) -> str:
    return f"{factor:.0f} times" if factor >= 10 else f"{factor:.1f} times"


def _unknown(target: Target, model: CostModel) -> Iterable[str]:
    for left_out in model.not_separated:
        if left_out.always is None:
            yield f"the cost per {left_out.term[:-1]} is not known: it varied only together with other sizes"
        else:
            wanted = target.tensors if left_out.term == "tensors" else target.files
            always = count(left_out.always, left_out.term[:-1])
            but = "" if wanted == left_out.always else f", {short(target.name)} has {wanted:,}"
            yield f"the cost per {left_out.term[:-1]} is not known: every checkpoint had {always}{but}"


def _memory(target: Target, series: Series, memory: int | None) -> Iterable[str]:
    """Tensors that a load owns on the host, and files that have to be cached, need memory at the same time."""
    held = target.bytes if series.case.device == "cpu" and series.case.contract != "touched" else 0
    cached = target.file_bytes if series.case.cache == "warm" else 0
    if memory is None or held + cached <= memory:
        return
    needed, what = (held, "its tensors") if held > memory else (held + cached, "it with its files cached")
    yield (
        f"memory: {human_size(needed)} are needed for {what}, this machine has {human_size(memory)}; "
        "the time is that of a like machine with more"
    )
