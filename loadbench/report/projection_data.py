"""A projection for programs: JSON and CSV, one entry for each cell, with raw integers (ns, bytes)."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from loadbench.analysis.keys import Point
from loadbench.analysis.notes import notes
from loadbench.analysis.projection import Grid
from loadbench.analysis.projection_cells import Cell
from loadbench.records import Value
from loadbench.report.csv_cells import csv_cell, pairs, ratio_values
from loadbench.report.machine_readable import finite
from loadbench.report.projection import Projection
from loadbench.report.projection_words import in_doubt

PROJECTION_VERSION = 1
# Format history of `loadbench report --rows ... --format json`.
# 1 - (loadbench 0.2.0) the first.

_FIGURES = (
    "is_first_column", "n", "load_median_ns", "load_low_ns", "load_high_ns", "interval_kind", "payload_bytes",
    "gb_per_s", "gib_per_s", "times_first", "times_first_low", "times_first_high", "told_apart", "cases", "case",
    "runs", "differing", "trials_differ_in", "not_the_case_of_first_in", "in_doubt", "is_ceiling",
)  # fmt: skip


def projection_json(found: Projection) -> str:
    """One object with a list of cells for each table. Pure ASCII, so that no name in it can act on a terminal."""
    data = {
        "projection_version": PROJECTION_VERSION,
        "rows": found.layout.rows,
        "cols": found.layout.cols,
        "filter": found.filter,
        "warnings": found.warnings,
        "runs": [
            {"run": name, "path": str(findings.stored.path)}
            for name, findings in zip(found.names, found.runs, strict=True)
        ],
        "tables": [
            {
                "condition": dict(zip(grid.layout.tables, grid.condition, strict=True)),
                "columns": [dict(zip(grid.layout.cols, column, strict=True)) for column in grid.columns],
                "columns_also_differ_in": grid.confounded,
                "comparisons": grid.tested,
                "cells": [_json_cell(grid, row, column, cell) for row, column, cell in _cells(grid)],
            }
            for grid in found.grids
        ],
    }
    return json.dumps(finite(data), indent=1, allow_nan=False) + "\n"


def projection_csv(found: Projection) -> str:
    """One line a cell: what its place says, then its figures. An empty cell is a figure that does not exist."""
    by = found.layout
    keys = [f"key.{key}" if key in _FIGURES else key for key in by.keys]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_cell(name) for name in (*keys, *_FIGURES)])
    for grid in found.grids:
        for row, column, cell in _cells(grid):
            figures = _figures(grid, column, cell)
            flat = [_flat(figures[name]) for name in _FIGURES]
            writer.writerow([csv_cell(value) for value in (*map(_told, (*grid.condition, *row, *column)), *flat)])
    return text.getvalue()


def _cells(grid: Grid) -> Iterable[tuple[tuple[Value, ...], tuple[Value, ...], Cell]]:
    for row in grid.rows:
        for column in grid.columns:
            if cell := grid.cells.get((row, column)):
                yield row, column, cell


def _json_cell(grid: Grid, row: tuple[Value, ...], column: tuple[Value, ...], cell: Cell) -> dict[str, Any]:
    its = cell.measured
    return {
        "row": dict(zip(grid.layout.rows, row, strict=True)),
        "column": dict(zip(grid.layout.cols, column, strict=True)),
        **_figures(grid, column, cell),
        "samples_ns": its.samples_ns if its else [],
        "tests": [{"run": _run(point), "test": point.summary.number} for point in _distinct(cell)],
        "notes": notes(cell.shown[0].summary) if len(_distinct(cell)) == 1 else [],
    }


def _figures(grid: Grid, column: tuple[Value, ...], cell: Cell) -> dict[str, Any]:
    """The values below `_FIGURES`."""
    its = cell.measured
    versus = ratio_values(cell.versus) if cell.versus else dict.fromkeys(("estimate", "low", "high"))
    return {
        "is_first_column": column == grid.columns[0],
        "n": its.n if its else 0,
        "load_median_ns": its.median_ns if its else None,
        "load_low_ns": its.interval.low if its else None,
        "load_high_ns": its.interval.high if its else None,
        "interval_kind": its.interval.kind if its else None,
        "payload_bytes": its.payload_bytes if its else None,
        "gb_per_s": its.gb_per_s if its else None,
        "gib_per_s": its.gib_per_s if its else None,
        "times_first": versus["estimate"],
        "times_first_low": versus["low"],
        "times_first_high": versus["high"],
        "told_apart": cell.told_apart,
        "cases": cell.cases,
        "case": cell.shown[0].summary.case.model_dump(mode="json"),
        "runs": list(dict.fromkeys(_run(point) for point in cell.shown)),
        "differing": dict(cell.residue),
        "trials_differ_in": dict(cell.mixed),
        "not_the_case_of_first_in": list(cell.unlike),
        "in_doubt": in_doubt(cell),
        "is_ceiling": cell.shown[0].summary.is_ceiling,
    }


def _distinct(cell: Cell) -> list[Point]:
    return list({(point.run, point.summary.number): point for point in cell.shown}.values())


def _run(point: Point) -> str:
    return str(point.value("run"))


def _told(value: Value) -> Value:
    """A key's value: an empty cell would say that there is none."""
    return "default" if value is None else value


def _flat(value: Any) -> Any:
    """A value on one line."""
    if isinstance(value, list):
        return " ".join(json.dumps(item) for item in value)
    if isinstance(value, dict) and "tunables" in value:
        return pairs({**{key: item for key, item in value.items() if key != "tunables"}, **value["tunables"]})
    return pairs(value) if isinstance(value, dict) else value
