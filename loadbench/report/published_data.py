"""Published figures for programs: JSON and CSV, every field as in the file, and the bandwidth in both units."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from loadbench.published.records import Published, PublishedFigure
from loadbench.report.csv_cells import csv_cell, pairs
from loadbench.report.machine_readable import REPORT_VERSION, finite
from loadbench.report.published_cells import is_computed

_FIELDS = tuple(name for name in PublishedFigure.model_fields if name != "bandwidth")
PUBLISHED_COLUMNS = (
    "file", *_FIELDS, "bandwidth", "bandwidth_unit", "bandwidth_unit_as_printed", "gb_per_s", "gib_per_s",
    "bandwidth_computed",
)  # fmt: skip


def published_json(files: Iterable[Published]) -> str:
    """One object with all files, in the place where a report of runs has its runs."""
    report = {"report_version": REPORT_VERSION, "runs": [], "published": [_file(published) for published in files]}
    return json.dumps(finite(report), indent=1, allow_nan=False) + "\n"


def published_csv(files: Iterable[Published]) -> str:
    """One line a figure. An empty cell is a figure that does not exist."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PUBLISHED_COLUMNS)
    for published in files:
        for record in published.records:
            row = _row(published.name, record)
            writer.writerow([csv_cell(row[column]) for column in PUBLISHED_COLUMNS])
    return text.getvalue()


def _file(published: Published) -> dict[str, Any]:
    dumped = published.model_dump(mode="json", by_alias=True)
    dumped["records"] = [{**record.model_dump(mode="json"), **_rates(record)} for record in published.records]
    return dumped


def _row(name: str, record: PublishedFigure) -> dict[str, Any]:
    stated = record.bandwidth
    return {
        "file": name,
        **{field: getattr(record, field) for field in _FIELDS},
        "versions": pairs(record.versions),
        "settings": pairs(record.settings),
        "samples_s": " ".join(f"{sample:g}" for sample in record.samples_s),
        "notes": " ".join(record.notes),
        "bandwidth": stated and stated.value,
        "bandwidth_unit": stated and stated.unit,
        "bandwidth_unit_as_printed": stated and stated.unit_as_printed,
        **_rates(record),
    }


def _rates(record: PublishedFigure) -> dict[str, float | bool | None]:
    return {
        "gb_per_s": record.rate("GB/s"),
        "gib_per_s": record.rate("GiB/s"),
        "bandwidth_computed": is_computed(record),
    }
