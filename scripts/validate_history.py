#!/usr/bin/env python3
"""How often the verdicts on stored runs, and the steps of a trend, are wrong; as a Markdown table.

    .venv/bin/python scripts/validate_history.py [RUN ...] [--replicates 2000] [--seed 0]

Runs are made by chance: each has a level of its own (scatter between runs), and trials around it (scatter inside). What
is equal must not be told apart, what was made slower must be found. Runs that are named are held against each other,
each pair both ways: where they are of one machine and the same versions, whatever looks slower is a false alarm.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadbench.analysis.ratio import slower_p
from loadbench.analysis.steps import levels
from loadbench.errors import LoadbenchError, UsageError
from loadbench.gate.baseline import baseline
from loadbench.gate.measured_run import MeasuredRun, measured_run
from loadbench.gate.prediction_interval import predictions
from loadbench.gate.reference import reference
from loadbench.gate.result import Rules
from loadbench.store import read_run

Logs = NDArray[np.float64]

RULES = Rules()
TRIALS = 10
INSIDE = 0.02
CASES = 12


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    check: str
    setting: str
    share: float
    wanted: str
    note: str = ""


@dataclass(frozen=True)
class World:
    """How runs scatter. `memory` is the correlation of a run's level with the one before it."""

    between: float
    inside: float = INSIDE
    tail: float = 0.0
    memory: float = 0.0

    def levels(self, chance: np.random.Generator, shape: tuple[int, ...]) -> Logs:
        """Levels of runs, the last axis in order of time."""
        drawn = chance.normal(0, self.between, shape)
        drawn = drawn + np.where(chance.random(shape) < self.tail, 0.2, 0.0)
        for at in range(1, shape[-1] if self.memory else 0):
            drawn[..., at] = self.memory * drawn[..., at - 1] + (1 - self.memory**2) ** 0.5 * drawn[..., at]
        return drawn

    def medians(self, chance: np.random.Generator, shape: tuple[int, ...], trials: int = TRIALS) -> Logs:
        """Medians of runs."""
        scatter = chance.normal(0, self.inside, (*shape, trials))
        return self.levels(chance, shape) + np.median(scatter, axis=-1)


def history_rows(replicates: int, chance: np.random.Generator) -> Iterator[Row]:
    """The prediction interval: false alarms and power."""
    for runs in (8, 12, 20):
        for between in (0.02, 0.05, 0.1):
            for cases in (1, CASES):
                world = World(between)
                setting = f"{runs} runs, {100 * between:g} % between runs, {cases} case{'s' if cases > 1 else ''}"
                false = _alarms(world.medians(chance, (replicates, cases, runs + 1)), 0.0)
                yield Row("history: any false alarm", setting, false.mean(), "≤ 5 %")
                found, least = _found(world, chance, (replicates, cases, runs + 1))
                yield Row("history: a detectable slowdown is found", setting, found, "≥ 80 %", f"+{100 * least:.0f} %")
    for text, world in {
        "8 runs, one in twelve is 20 % slower": World(0.02, tail=1 / 12),
        "8 runs that resemble the one before (correlation 0.5)": World(0.05, memory=0.5),
        "8 runs that resemble the one before (correlation 0.8)": World(0.05, memory=0.8),
    }.items():
        yield Row("history: any false alarm", text, _alarms(world.medians(chance, (replicates, 1, 9)), 0.0).mean(), "–")
    for trials in (TRIALS, TRIALS // 2):
        world = World(0.02, inside=0.05)
        medians = world.medians(chance, (replicates, 1, 9))
        medians[..., -1] = world.medians(chance, (replicates, 1), trials)
        text = f"8 runs of {TRIALS} trials, this one has {trials}; 5 % inside, 2 % between"
        yield Row("history: any false alarm", text, _alarms(medians, 0.0).mean(), "–")


def _alarms(medians: Logs, slowdown: float) -> NDArray[np.bool_]:
    """Whether any case of the last run is called slower, for each replicate."""
    head = medians[..., -1] + np.log1p(slowdown)
    found = []
    for past, last in zip(np.exp(medians[..., :-1]) * 1e9, np.exp(head) * 1e9, strict=True):
        tests = predictions(dict(enumerate(past.tolist())), dict(enumerate(last.tolist())), RULES)
        found.append(any(test.slower for test in tests.values()))
    return np.array(found)


def _found(world: World, chance: np.random.Generator, shape: tuple[int, int, int]) -> tuple[float, float]:
    """How often the first case is called slower that was slowed by what each history calls detectable."""
    medians = world.medians(chance, shape)
    found, sizes = [], []
    for run in medians:
        past = dict(enumerate((np.exp(run[:, :-1]) * 1e9).tolist()))
        least = predictions(past, dict.fromkeys(past, 1e9), RULES)[0].detectable
        head = (np.exp(run[:, -1]) * 1e9).tolist()
        tests = predictions(past, {0: head[0] * (1 + least)} | dict(enumerate(head[1:], 1)), RULES)
        found.append(tests[0].slower)
        sizes.append(least)
    return float(np.mean(found)), float(np.median(sizes))


def baseline_rows(replicates: int, chance: np.random.Generator) -> Iterator[Row]:
    """One run against one other, by their trials: what can't be controlled."""
    for between in (0.0, 0.02, 0.05, 0.1):
        for slowdown in (0.0, 0.2):
            world = World(between)
            level = world.levels(chance, (replicates, 2, 1)) + np.array([[0.0], [np.log1p(slowdown)]])
            times = np.exp(level + chance.normal(0, INSIDE, (replicates, 2, TRIALS))) * 1e9
            share = np.mean([slower_p(a.astype(int), b.astype(int), RULES.margin) <= RULES.alpha for a, b in times])
            text = f"{100 * between:g} % between runs, 2 % inside, {TRIALS} trials"
            check = "one run beside one other: looks slower, " + ("and is 20 % slower" if slowdown else "and is not")
            yield Row(check, text, float(share), "–")


def step_rows(replicates: int, chance: np.random.Generator) -> Iterator[Row]:
    """Steps of a trend."""
    for runs in (8, 12, 20, 40):
        for tail in (0.0, 1 / 12):
            world = World(0.1, inside=0.0, tail=tail)
            text = f"{runs} runs, 10 % between runs" + (", one in twelve 20 % slower" if tail else "")
            series = world.levels(chance, (replicates, runs))
            yield Row("trend: a step in equal runs", text, _stepped(series).mean(), "≤ 5 %" if runs == 20 else "–")
    for memory in (0.3, 0.5):
        series = World(0.1, memory=memory).levels(chance, (replicates, 20))
        text = f"20 runs that resemble the one before (correlation {memory:g})"
        yield Row("trend: a step in equal runs", text, _stepped(series).mean(), "–")
    for size in (1.5, 2.0, 3.0):
        for at in (10, 17):
            series = World(0.1).levels(chance, (replicates, 20))
            series[:, at:] += size * 0.1
            text = f"20 runs, after run {at} slower by {size:g} × the scatter between runs"
            yield Row("trend: a step that is there is found", text, _stepped(series).mean(), "–")


def _stepped(series: Logs) -> NDArray[np.bool_]:
    return np.array([bool(levels([1e9 * exp(value) for value in one]).steps) for one in series])


def real_rows(runs: Sequence[MeasuredRun]) -> Iterator[Row]:
    """Every pair of runs, both ways, on their own figures."""
    pairs = list(permutations(runs, 2))
    loaders = dict.fromkeys(one.case.loader for run in runs for one in run.contestants.values())
    looks = [_slower(baseline(a, b, RULES, same_machine=True), "looks slower") for a, b in pairs]
    yield Row("baseline: a case looks slower", f"{len(pairs)} pairs of runs", float(np.mean(looks)), "–")
    for name in loaders:
        try:
            wrong = [_slower(reference(a, b, name, RULES), "more than 5 % slower") for a, b in pairs]
        except UsageError:
            continue  # not in all of them
        yield Row(f"reference {name}: a REGRESSION", f"{len(pairs)} pairs of runs", float(np.mean(wrong)), "≤ 5 %")


def _slower(results: Sequence[object], words: str) -> bool:
    return any(words in getattr(one, "reason", "") and getattr(one, "verdict", "") != "PASS" for one in results)


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = ["| Check | Setting | Share | Wanted | |", "| --- | --- | ---: | --- | --- |"]
    lines += [f"| {row.check} | {row.setting} | {100 * row.share:.1f} % | {row.wanted} | {row.note} |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="*", type=Path, help="Runs of one machine to hold against each other.")
    parser.add_argument("--replicates", type=int, default=2000, help="How often each check is simulated.")
    parser.add_argument("--seed", type=int, default=0, help="The same seed gives the same table.")
    chosen = parser.parse_args()
    try:
        runs = [measured_run(read_run(path)) for path in chosen.runs]
    except LoadbenchError as error:
        parser.error(str(error))
    chance = np.random.default_rng(chosen.seed)
    rows = [
        *history_rows(chosen.replicates, chance),
        *baseline_rows(chosen.replicates, chance),
        *step_rows(chosen.replicates, chance),
    ]
    print(table(rows))
    if runs:
        print()
        print(table(list(real_rows(runs))))


if __name__ == "__main__":
    main()
