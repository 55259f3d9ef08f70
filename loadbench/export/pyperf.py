"""A benchmark suite of pyperf (JSON 1.0): one benchmark for each case, one run for each trial's process."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from loadbench.export.figures import Exported, Figure, Trial
from loadbench.export.origin import origin

_NAMES = {
    "loadbench": "loadbench_version",
    "host": "hostname",
    "cpu": "cpu_model_name",
    "python": "python_version",
    "commit": "commit_id",
    "os": "platform",
}
"""pyperf's own names for facts that it knows; the others become `loadbench_NAME`."""


def as_pyperf(exported: Exported) -> str:
    """The trials that count, in seconds, all of them."""
    facts = {name: value for name, value in origin(exported.run).items() if name != "date"}  # every trial has its own
    metadata = {_NAMES.get(name, f"loadbench_{name}"): value for name, value in facts.items()}
    benchmarks = [_benchmark(figure) for figure in exported.figures]
    suite = {"version": "1.0", "metadata": metadata, "benchmarks": benchmarks}
    return json.dumps(suite, indent=1, allow_nan=False) + "\n"


def unequal(figures: Sequence[Figure]) -> str:
    """What to beware of where the cases differ in their number of trials; empty where they do not."""
    numbers = sorted({figure.measured.n for figure in figures})
    if len(numbers) == 1:
        return ""
    return (
        f"cases have {numbers[0]} to {numbers[-1]} trials. Where two sides differ in their number `pyperf compare_to` "
        "makes no test and calls any difference significant; to compare runs, sweep with a fixed --rounds"
    )


def _benchmark(figure: Figure) -> dict[str, Any]:
    metadata = {"name": figure.name, "unit": "second", "loadbench_cache": figure.measured.cache}
    return {"metadata": metadata, "runs": [_run(trial) for trial in figure.trials]}


def _run(trial: Trial) -> dict[str, Any]:
    metadata: dict[str, Any] = {"loadbench_round": trial.round}
    date = _date(trial.started_at)
    if date:
        metadata["date"] = date
    if trial.counters is not None and trial.counters.rss_peak_bytes > 0:
        metadata["mem_max_rss"] = trial.counters.rss_peak_bytes
    return {"metadata": metadata, "values": [trial.seconds]}


def _date(started_at: str) -> str:
    """A record's time in pyperf's form; empty if it is none."""
    try:
        return datetime.fromisoformat(started_at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    except (ValueError, OverflowError):
        return ""
