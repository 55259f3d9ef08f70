"""A forecast as a document: the predictions, the costs behind them, and how well they do on what was held out."""

from collections.abc import Iterable
from math import inf

from loadbench.analysis.cost_model import CostModel, Estimate, Prediction
from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.prediction import Forecast, Row, Target
from loadbench.report.prediction_series import series_text, settings_text
from loadbench.report.tables import Column, Table, without_empty_columns
from loadbench.report.text import NO_FIGURE, count, rate, seconds, seconds_range, short
from loadbench.units import NS, human_seconds, human_size

_HEAD = (Column("#", "right"), Column("Loader"), Column("Cache"))
_PREDICTED = (Column("Predicted (s)", "right"), Column("95 % interval (s)", "right"))
_PREDICTIONS = (
    *_HEAD,
    *_PREDICTED,
    Column("GB/s", "right"),
    Column("Settings", narrow="below"),
    Column("Of it", narrow="below"),
    Column("Notes", narrow="below"),
)
_COSTS = (
    *_HEAD,
    Column("Fixed (ms)", "right"),
    Column("µs a tensor", "right"),
    Column("ms a file", "right"),
    Column("Marginal GB/s", "right"),
    Column("95 % intervals", narrow="below"),
    Column("Worst fit", narrow="below"),
)
_HELD_OUT = (
    *_HEAD,
    *_PREDICTED,
    Column("Measured (s)", "right"),
    Column("Error", "right"),
    Column("Inside", "right"),
    Column("Settings", narrow="below"),
)
_PARTS = ("fixed", "tensors", "files", "bytes")


def prediction_document(forecast: Forecast) -> Document:
    """The forecast for people."""
    held = _held_out_table(forecast)
    return Document(
        title=f"loadbench: predicted load of {short(forecast.target.name)}",
        warnings=tuple(short(warning) for warning in forecast.common_warnings),
        facts=_facts(forecast),
        tables=(*([held] if held else []), _predictions_table(forecast), _costs_table(forecast)),
        reading=_READING,
        commands=forecast.pool.commands,
        repeat=(),
    )


_READING = (
    (
        "Predicted",
        "fixed cost + tensors × cost a tensor + files × cost a file + bytes ÷ marginal bandwidth, with the costs that "
        "fit the medians of the measured checkpoints best. Nothing was made or loaded for it.",
    ),
    (
        "95 % interval",
        "of the median that a sweep of this checkpoint would find. It holds the noise of the trials and the scatter of "
        "the measured checkpoints about the model, but not what changes beyond them: throttling, a cache that is full.",
    ),
    (
        "GB/s",
        "10⁹ bytes of tensors per second of the predicted time; marginal: for each byte more, with no other cost.",
    ),
    ("Worst fit", "the checkpoint whose measured median is farthest from the fit, and by how much."),
)


def _facts(forecast: Forecast) -> tuple[Fact, ...]:
    target, machine = forecast.target, forecast.pool.machine
    measured = {seen.checkpoint: seen for row in forecast.rows for seen in row.fitted}
    sizes = [seen.bytes for seen in measured.values()]
    tensors = [seen.tensors for seen in measured.values()]
    files = [seen.files for seen in measured.values()]
    return (
        ("Target", _target_text(target)),
        ("Machine", f"{short(machine.host)} ({short(machine.id)}), {count(machine.runs, 'run')}"),
        (
            "Fitted to",
            f"{count(len(measured), 'checkpoint')} of {human_size(min(sizes))} to {human_size(max(sizes))}, "
            f"{min(tensors):,} to {max(tensors):,} tensors, {min(files):,} to {max(files):,} files: "
            f"{', '.join(short(name) for name in measured)}",
        ),
        *_bounds(forecast),
    )


def _target_text(target: Target) -> str:
    return (
        f"{target.bytes:,} bytes ({human_size(target.bytes)}) in {count(target.tensors, 'tensor')}; "
        f"{count(target.files, 'file')}"
    )


def _bounds(forecast: Forecast) -> Iterable[Fact]:
    """What this machine's storage, page cache or link allow: each distinct bound once."""
    caches: dict[str, list[str]] = {}
    for row in forecast.rows:
        if row.bound is None:
            text = "unknown, as not all its ceilings were measured"
        else:
            text = (
                f"nothing faster than {human_seconds(row.bound.seconds)} is possible here; the {row.bound.stage} "
                f"gives at most {rate(row.bound.bytes_per_second / 1e9)} GB/s"
            )
        caches.setdefault(text, []).append(row.series.case.cache)
    return ((f"Bound, {' and '.join(dict.fromkeys(states))}", text) for text, states in caches.items())


def _predictions_table(forecast: Forecast) -> Table:
    common = forecast.common_warnings
    rows = tuple(
        (
            *_head(number, row),
            *_predicted(row.prediction),
            rate(forecast.target.bytes / row.prediction.seconds / 1e9) + ("!" if row.below_bound else ""),
            _settings(forecast, row),
            ", ".join(
                f"{part} {human_seconds(row.prediction.parts[part])}" for part in _PARTS if part in row.prediction.parts
            ),
            "; ".join(warning for warning in row.warnings if warning not in common),
        )
        for number, row in enumerate(forecast.rows, 1)
    )
    footnotes = tuple(
        f"Not fitted: {series_text(series, storage=forecast.several_storages)}: {reason}."
        for series, reason in forecast.left_out
    )
    if any(row.below_bound for row in forecast.rows):
        footnotes = ("! faster than the ceiling: one of the two is wrong.", *footnotes)
    return without_empty_columns(Table(f"{short(forecast.target.name)}: predicted", _PREDICTIONS, rows, footnotes))


def _costs_table(forecast: Forecast) -> Table:
    rows = tuple((*_head(number, row), *_costs(row.model)) for number, row in enumerate(forecast.rows, 1))
    return Table("What a load costs", _COSTS, rows)


def _costs(model: CostModel) -> tuple[str, ...]:
    units = (
        ("fixed", model.fixed_s, 1e3, "ms"),
        ("tensor", model.per_tensor_s, 1e6, "µs"),
        ("file", model.per_file_s, 1e3, "ms"),
    )
    bandwidth = marginal_rate(model.seconds_per_byte)
    ranges = [
        f"{name} {_figure(cost.low * factor)}–{_figure(cost.high * factor)} {unit}"
        for name, cost, factor, unit in units
        if cost is not None
    ]
    return (
        *(NO_FIGURE if cost is None else _figure(cost.value * factor) for _, cost, factor, _ in units),
        _figure(bandwidth.value),
        ", ".join([*ranges, f"{_figure(bandwidth.low)}–{_figure(bandwidth.high)} GB/s"]),
        f"{short(model.worst_checkpoint)} {_percent(model.worst_residual)}",
    )


def marginal_rate(seconds_per_byte: Estimate) -> Estimate:
    """GB/s of each byte more; infinite where the bytes cost nothing."""
    value, low, high = (
        1 / cost / 1e9 if cost > 0 else inf
        for cost in (seconds_per_byte.value, seconds_per_byte.high, seconds_per_byte.low)
    )
    return Estimate(value, low, high)


def _held_out_table(forecast: Forecast) -> Table | None:
    if forecast.hold_out is None:
        return None
    found = [(number, row, held) for number, row in enumerate(forecast.rows, 1) for held in row.held_out]
    rows = tuple(
        (
            *_head(number, row),
            *_predicted(held.prediction),
            seconds(round(held.measured_s * NS)),
            _percent(held.error),
            "yes" if held.inside else "no",
            _settings(forecast, row),
        )
        for number, row, held in found
    )
    inside = sum(held.inside for _, _, held in found)
    name = short(forecast.hold_out)
    notes = [f"Fitted without {name}. {inside} of {len(found)} measured medians lie inside; about 95 % should."]
    lacking = [series_text(row.series, storage=forecast.several_storages) for row in forecast.rows if not row.held_out]
    if lacking:
        notes.append(f"Not measured: {'; '.join(lacking)}.")
    return without_empty_columns(Table(f"{name}: predicted and measured", _HELD_OUT, rows, tuple(notes)))


def _settings(forecast: Forecast, row: Row) -> str:
    """What sets the series apart; nothing where every series has its loader's defaults."""
    texts = [settings_text(one.series, storage=forecast.several_storages) for one in forecast.rows]
    return (settings_text(row.series, storage=forecast.several_storages) or "default") if any(texts) else ""


def _head(number: int, row: Row) -> tuple[str, ...]:
    return str(number), short(row.series.case.loader), row.series.case.cache


def _predicted(prediction: Prediction) -> tuple[str, str]:
    low, high = round(prediction.low * NS), round(prediction.high * NS)
    return seconds(round(prediction.seconds * NS)), seconds_range(low, high)


def _figure(value: float) -> str:
    """Three digits that mean something."""
    if value == inf:
        return "∞"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:.{1 if rounded >= 10 else 2 if rounded >= 1 else 3}f}"


def _percent(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:+.1f} %"
