"""Runs on disk's terms, made by hand: cases with a level and a little noise that is the same in every test."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loadbench.gate.measured_run import MeasuredRun, measured_run
from loadbench.gate.result import CaseResult
from loadbench.records import Case, Record, Session, Value
from loadbench.store import RunWriter, StoredRun
from tests.builders import ENVIRONMENT, case, run, series

MMAP, NOGDS, PREAD = case("safetensors-mmap"), case("fastsafetensors-nogds"), case("safetensors-pread")
RUNAI = case("runai-streamer", tunables={"concurrency": 16})


def times(level_ms: float, seed: int, trials: int = 10, noise: float = 0.01) -> list[float]:
    return [float(level_ms * factor) for factor in np.exp(np.random.default_rng(seed).normal(0, noise, trials))]


def stored_run(
    day: int,
    records: Sequence[Record],
    *,
    environment: Mapping[str, Value] | None = None,
    ended: str = "complete",
    cases: Sequence[Case] | None = None,
    warnings: Sequence[str] = (),
    **fields: Any,
) -> StoredRun:
    """A run of one session of January 2026, with the records given."""
    planned = cases if cases is not None else list({record.case.name: record.case for record in records}.values())
    rounds = max((record.round for record in records), default=6)
    session = Session.model_validate(
        {
            "started_at": f"2026-01-{day:02}T00:00:00+00:00",
            "command": ["loadbench", "sweep"],
            "environment": {**ENVIRONMENT, **(environment or {})},
            "ended": ended,
        }
    )
    made = run(planned, rounds, **{"name": f"run-{day:02}", "sessions": [session]} | fields)
    return StoredRun(Path("results") / f"run-{day:02}", made, tuple(records), tuple(warnings))


def measured(
    day: int, *levels: tuple[Case, float], trials: int = 10, noise: float = 0.01, **fields: Any
) -> MeasuredRun:
    """A run with a level for each case, ms."""
    records = [
        record
        for number, (of, level) in enumerate(levels)
        for record in series(of, *times(level, 100 * day + number, trials, noise))
    ]
    return measured_run(stored_run(day, records, **fields))


def month(*levels: tuple[Case, float], days: int = 10, between: float = 0.02, **fields: Any) -> list[MeasuredRun]:
    """Runs on the first days of January whose levels differ by chance."""
    chance = np.random.default_rng(7)
    return [
        measured(day, *((of, level * float(np.exp(chance.normal(0, between)))) for of, level in levels), **fields)
        for day in range(1, days + 1)
    ]


def write(path: Path, of: StoredRun) -> Path:
    writer = RunWriter.create(path, of.run)
    for record in of.records:
        writer.append(record)
    writer.close()
    return path


def of_case(results: Sequence[CaseResult], wanted: Case) -> CaseResult:
    (found,) = [one for one in results if one.name == wanted.name]
    return found
