"""A forecast for programs. Times are seconds, as predictions are no counts of nanoseconds; sizes are bytes."""

import json
from dataclasses import asdict
from math import isfinite
from typing import Any

from loadbench.analysis.cost_model import CostModel, Estimate, Observation
from loadbench.report.prediction import Forecast, HeldOut, Row
from loadbench.report.prediction_series import Series
from loadbench.report.prediction_tables import marginal_rate

PREDICTION_VERSION = 1
# Format history of `loadbench predict --format json`.
# 1 - (loadbench 0.2.0) the first.


def prediction_json(forecast: Forecast) -> str:
    """One object. Pure ASCII, so that no name in it can act on a terminal."""
    content = {
        "prediction_version": PREDICTION_VERSION,
        "target": asdict(forecast.target),
        "machine": asdict(forecast.pool.machine),
        "hold_out": forecast.hold_out,
        "notes": forecast.pool.notes,
        "predictions": [_row(forecast, row) for row in forecast.rows],
        "left_out": [{**_series(series), "reason": reason} for series, reason in forecast.left_out],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _row(forecast: Forecast, row: Row) -> dict[str, Any]:
    return {
        **_series(row.series),
        "seconds": row.prediction.seconds,
        "low_s": row.prediction.low,
        "high_s": row.prediction.high,
        "parts_s": row.prediction.parts,
        "gb_per_s": forecast.target.bytes / row.prediction.seconds / 1e9,
        "bound": asdict(row.bound) if row.bound else None,
        "below_bound": row.below_bound,
        "warnings": row.warnings,
        "model": _model(row.model),
        "fitted_to": [_observation(seen) for seen in row.fitted],
        "held_out": [_held_out(held) for held in row.held_out],
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        **series.case.model_dump(mode="json", exclude={"checkpoint"}),
        "isolation": series.isolation,
        "storage": series.storage,
        "versions": series.versions,
    }


def _model(model: CostModel) -> dict[str, Any]:
    return {
        "fixed_s": asdict(model.fixed_s),
        "per_tensor_s": asdict(model.per_tensor_s) if model.per_tensor_s else None,
        "per_file_s": asdict(model.per_file_s) if model.per_file_s else None,
        "seconds_per_byte": asdict(model.seconds_per_byte),
        "marginal_gb_per_s": _finite(marginal_rate(model.seconds_per_byte)),
        "not_separated": [asdict(term) for term in model.not_separated],
        "checkpoints": model.checkpoints,
        "scatter": model.scatter,
        "worst_checkpoint": model.worst_checkpoint,
        "worst_residual": model.worst_residual,
    }


def _finite(estimate: Estimate) -> dict[str, float | None]:
    """JSON has no infinity: a bandwidth without a limit is null."""
    return {name: value if isfinite(value) else None for name, value in asdict(estimate).items()}


def _observation(seen: Observation) -> dict[str, Any]:
    return asdict(seen)


def _held_out(held: HeldOut) -> dict[str, Any]:
    return {
        "seconds": held.prediction.seconds,
        "low_s": held.prediction.low,
        "high_s": held.prediction.high,
        "measured_s": held.measured_s,
        "trials": held.trials,
        "error": held.error,
        "inside": held.inside,
    }
