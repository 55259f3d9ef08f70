"""The cost models of a prediction: the time of each loader over size, under one set of conditions."""

from loadbench.analysis.cost_model import Observation
from loadbench.analysis.statistics import median
from loadbench.charts.chart import Head, NamedChart
from loadbench.charts.costs import Cost, Costs
from loadbench.charts.run_words import settings
from loadbench.report.prediction import Forecast, Row
from loadbench.report.text import short
from loadbench.units import NS

_NOTE = (
    "The lines are the fixed cost and the bytes over the bandwidth. Points are medians of what was measured; they lie "
    "off their line by what tensors and files cost, and by the error of the model."
)


def predict_charts(forecast: Forecast) -> tuple[NamedChart, ...]:
    """A chart for each cache state, device, contract, dtype and storage."""
    groups: dict[str, list[Row]] = {}
    for row in forecast.rows:
        groups.setdefault(_condition(row), []).append(row)
    return tuple(NamedChart(f"cost {condition}", _chart(condition, rows)) for condition, rows in groups.items())


def _condition(row: Row) -> str:
    case = row.series.case
    parts = [case.cache, case.device, case.contract, *([f"as {case.dtype}"] if case.dtype != "auto" else [])]
    return ", ".join(short(part) for part in [*parts, f"on {row.series.storage}"])


def _chart(condition: str, rows: list[Row]) -> Costs:
    return Costs(Head("What a load costs", condition, _NOTE), [_cost(row, place) for place, row in enumerate(rows)])


def _cost(row: Row, place: int) -> Cost:
    set_by_sweep = settings(row.series.case, {row.series.case.loader: row.series.info})
    name = short(row.series.case.loader)
    return Cost(
        name if set_by_sweep == "default" else f"{name} {set_by_sweep}",
        row.model.fixed_s.value,
        row.model.seconds_per_byte.value * 1e9,
        [_measured(seen) for seen in row.fitted],
        place,
    )


def _measured(seen: Observation) -> tuple[float, float]:
    return seen.bytes / 1e9, median(seen.samples_ns) / NS
