#!/usr/bin/env python3
"""Whether the statistics keep their promises on the noise of a real run, as a Markdown table.

    .venv/bin/python scripts/validate_statistics.py results/vm-2cpu/gpt2 [--replicates 2000] [--seed 0]

The times of a run's trials, divided by the medians of their cases, are its noise, cold and warm apart. New trials of
cases that are known to be equal, or known to differ, are drawn from it in two ways:

independent  each trial draws from all of the noise
by rounds    a sweep draws stretches of 3 consecutive rounds, and its cases draw from the noise of these rounds: what
             disturbed all cases of the run together, and went on for some rounds, disturbs the drawn ones together

A figure is `outside` where it misses what is wanted by more than three standard errors of the simulation.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadbench.analysis.multiple import holm
from loadbench.analysis.power import SMALLEST_CASE, SMALLEST_POOL, detectable, residuals
from loadbench.analysis.precision import LADDER, PRECISION, rounds_wanted, samples_by_round
from loadbench.analysis.ratio import ratio, slower_p
from loadbench.analysis.rivals import share_of_alpha
from loadbench.analysis.statistics import interval
from loadbench.analysis.top_set import MARGIN, top_set
from loadbench.analysis.trend import trend
from loadbench.errors import LoadbenchError
from loadbench.records import CacheWish, Case, Plan, Record
from loadbench.store import read_run

Logs = NDArray[np.float64]
Draw = Callable[[int, int], list[list[int]]]
"""How many cases, how many trials of each: the times of each case, ns."""

CACHES: tuple[CacheWish, ...] = ("cold", "warm")
ALPHA = 0.05
STANDARD_ERRORS = 3
STRETCH = 3
CASES = 12
TWIN = "twin-of-"
SLOWED = "slowed-"
TRUE_RATIO = 1.1
MEDIAN_NS = 1e9


@dataclass(frozen=True)
class Noise:
    """A way to draw times of equal cases, and their true median, ns."""

    name: str
    draw: Draw
    median_ns: float
    residuals: tuple[float, ...]


@dataclass(frozen=True)
class Wanted:
    """Where a share should lie."""

    low: float
    high: float
    text: str


@dataclass(frozen=True)
class Figure:
    """A share of so many tries."""

    share: float
    tries: int
    note: str = ""

    def outside(self, wanted: Wanted) -> bool:
        """Whether the share misses what is wanted by more than chance explains."""
        low, high = (STANDARD_ERRORS * sqrt(end * (1 - end) / self.tries) for end in (wanted.low, wanted.high))
        return self.share < wanted.low - low or self.share > wanted.high + high


@dataclass(frozen=True)
class Row:
    """What was found for each number of trials."""

    check: str
    cache: str
    draws: str
    wanted: Wanted
    figures: dict[int, Figure]


@dataclass(frozen=True)
class Twins:
    """Pairs of a run's own cases that differ in the loader's name only, `NAME` and `twin-of-NAME`."""

    cache: str
    pairs: int
    apart: int
    """How many of them are told apart."""


@dataclass(frozen=True)
class Slowed:
    """Pairs of a run's own cases of which one, `slowed-NAME`, was made slower on purpose."""

    cache: str
    pairs: int
    found: int


COVERAGE = Wanted(0.93, 0.99, "93–99 %")
FALSE_ALARM = Wanted(0, 0.05, "≤ 5 %")
TOP_SET = Wanted(0, 0.1, "≤ 10 %")
POWER = Wanted(0.8, 1, "≥ 80 %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="directory of a run")
    parser.add_argument("--replicates", type=int, default=2000, help="simulated sweeps behind each figure")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.replicates < 1:
        parser.error("--replicates must be at least 1")
    try:
        records = read_run(options.run).records
    except LoadbenchError as error:
        parser.error(str(error))
    print(table(validate(records, options.replicates, options.seed)))
    for twins in real_twins(records):
        mark = ", outside" if twins.apart else ""
        print(f"\nTwins in the run, {twins.cache}: {twins.apart} of {twins.pairs} pairs are told apart{mark}.")
    for slowed in real_slowed(records):
        print(f"\nSlowed on purpose, {slowed.cache}: {slowed.found} of {slowed.pairs} are found.")


def validate(records: Sequence[Record], replicates: int, seed: int) -> Iterator[Row]:
    """Every figure, for each cache state of which the run has enough trials to draw from."""
    for cache in CACHES:
        rounds = residuals_by_round(samples_of(records, cache).values())
        if sum(map(len, rounds)) >= SMALLEST_POOL:
            chance = np.random.default_rng(seed)
            for noise in (independent(rounds, chance), by_rounds(rounds, chance)):
                yield from simulate(noise, cache, replicates)


def samples_of(records: Iterable[Record], cache: str) -> dict[str, dict[int, int]]:
    """Case name to the times that count, round to ns."""
    cases: dict[str, list[Record]] = {}
    for record in records:
        if record.case.cache == cache:
            cases.setdefault(record.case.name, []).append(record)
    return {name: samples_by_round(group) for name, group in cases.items()}


def residuals_by_round(samples: Iterable[dict[int, int]]) -> list[Logs]:
    """The residuals of all cases, one array for each round that has any, in order."""
    rounds: dict[int, list[float]] = {}
    for times in samples:
        if len(times) >= SMALLEST_CASE:
            for number, residual in zip(times, residuals([list(times.values())]), strict=True):
                rounds.setdefault(number, []).append(residual)
    return [np.array(rounds[number]) for number in sorted(rounds)]


def independent(rounds: Sequence[Logs], chance: np.random.Generator) -> Noise:
    """Each trial draws from all residuals."""
    pool = np.concatenate(rounds)

    def draw(cases: int, n: int) -> list[list[int]]:
        return as_times(chance.choice(pool, (cases, n)), chance)

    return Noise("independent", draw, MEDIAN_NS * float(np.exp(np.median(pool))), tuple(pool.tolist()))


def by_rounds(rounds: Sequence[Logs], chance: np.random.Generator) -> Noise:
    """Stretches of consecutive rounds, the first after the last, and in each round each case draws one residual.

    The circular block bootstrap (Politis and Romano, 1992) with rounds as its observations.
    """

    def draw(cases: int, n: int) -> list[list[int]]:
        starts = chance.integers(len(rounds), size=-(-n // STRETCH))
        drawn = [rounds[(start + step) % len(rounds)] for start in starts for step in range(STRETCH)][:n]
        return as_times(np.stack([chance.choice(residuals, cases) for residuals in drawn], axis=1), chance)

    # A round in which few cases were tried is drawn as often as a full one.
    pool = np.concatenate(rounds)
    weights = np.concatenate([np.full(len(residuals), 1 / len(residuals)) for residuals in rounds])
    order = np.argsort(pool)
    reached = np.cumsum(weights[order])
    median = float(pool[order][np.searchsorted(reached, reached[-1] / 2)])
    return Noise("by rounds", draw, MEDIAN_NS * float(np.exp(median)), tuple(pool.tolist()))


def as_times(logs: Logs, chance: np.random.Generator) -> list[list[int]]:
    """Residuals as times around a second. What was drawn twice is parted: real times are hardly ever equal."""
    times = MEDIAN_NS * np.exp(logs + chance.normal(0, 1e-6, logs.shape))
    return [[max(1, round(time)) for time in case] for case in times.tolist()]


def simulate(noise: Noise, cache: CacheWish, replicates: int) -> Iterator[Row]:
    """Every figure of one kind of noise."""
    again = range(replicates)
    pairs = {n: [(one, other) for one, other in (noise.draw(2, n) for _ in again)] for n in LADDER}
    slowdowns = {n: detectable(noise.residuals, n) or 0 for n in LADDER}
    stops = [stopped(noise, cache) for _ in again]
    trials = sum(map(len, stops)) / replicates

    def row(check: str, wanted: Wanted, tries: dict[int, list[bool]], notes: dict[int, str] | None = None) -> Row:
        figures = {n: Figure(sum(hits) / len(hits), len(hits), (notes or {}).get(n, "")) for n, hits in tries.items()}
        return Row(check, cache, noise.name, wanted, figures)

    def of_pairs(test: Callable[[list[int], list[int]], bool]) -> dict[int, list[bool]]:
        return {n: [test(*pair) for pair in pairs[n]] for n in LADDER}

    def slower(n: int) -> list[bool]:
        return [slower_p(one, times(other, 1 + slowdowns[n])) <= ALPHA for one, other in pairs[n]]

    yield row("the median's interval covers it", COVERAGE, of_pairs(lambda one, _: median_covered(noise, one)))
    covered = {LADDER[-1]: [median_covered(noise, samples) for samples in stops]}
    yield row("the same, stopped when precise enough", COVERAGE, covered, {LADDER[-1]: f"mean n {trials:.1f}"})
    yield row(f"the ratio's interval covers {TRUE_RATIO}", COVERAGE, of_pairs(ratio_covered))
    excluded = of_pairs(lambda *pair: ratio(*pair).excludes_one)
    yield row("A/A: the ratio's interval excludes 1", FALSE_ALARM, excluded)
    yield row("A/A: one is called slower", FALSE_ALARM, of_pairs(lambda *pair: slower_p(*pair) <= ALPHA))
    notes = {n: f"+{100 * slowdowns[n]:.1f} %" for n in LADDER}
    yield row("a slowdown that is called detectable is found", POWER, {n: slower(n) for n in LADDER}, notes)
    drifts = of_pairs(lambda one, _: drift_covered(one))
    yield row("the trend's interval covers no drift", COVERAGE, drifts)
    left_out = {n: [len(top_set(noise.draw(CASES, n)).members) < CASES for _ in again] for n in LADDER}
    yield row(f"any of {CASES} equal cases is not in the top set", TOP_SET, left_out)
    sweeps = [[stopped(noise, cache) for _ in range(2 * CASES)] for _ in again]
    left_out = {LADDER[-1]: [len(top_set(sweep[:CASES]).members) < CASES for sweep in sweeps]}
    yield row("the same, each case stopped when precise enough", TOP_SET, left_out)
    pools = {n: power_of_top_set(noise, n, again) for n in LADDER}
    hits = {n: found for n, (_, found) in pools.items()}
    notes = {n: f"+{100 * slowdown:.1f} %" for n, (slowdown, _) in pools.items()}
    yield row(f"one of {CASES} cases, slowed by what is called detectable, is not in it", POWER, hits, notes)
    fixed = [noise.draw(2 * CASES, LADDER[0]) for _ in again]
    apart = {LADDER[0]: [any_apart(sweep) for sweep in fixed], LADDER[-1]: [any_apart(sweep) for sweep in sweeps]}
    notes = {LADDER[-1]: "stopped when precise enough"}
    yield row(f"A/A sweep: any of {CASES} pairs of twins is told apart", FALSE_ALARM, apart, notes)


def power_of_top_set(noise: Noise, n: int, again: Iterable[int]) -> tuple[float, list[bool]]:
    """The slowdown that is called detectable among all cases, and for each sweep whether the slowed case was found."""
    slowdown = detectable(noise.residuals, n, margin=MARGIN, alpha=share_of_alpha(CASES)) or 0
    sweeps = [noise.draw(CASES, n) for _ in again]
    return slowdown, [0 not in top_set([times(slow, 1 + slowdown), *rest]).members for slow, *rest in sweeps]


def any_apart(sweep: Sequence[Sequence[int]]) -> bool:
    """Whether any two neighbours of a sweep are told apart."""
    return any(told_apart(list(zip(sweep[::2], sweep[1::2], strict=True))))


def drift_covered(samples_ns: Sequence[int]) -> bool:
    found = trend(dict(enumerate(samples_ns, 1)))
    return found is not None and found.low <= 0 <= found.high


def median_covered(noise: Noise, samples_ns: Sequence[int]) -> bool:
    found = interval(samples_ns)
    return found.low <= noise.median_ns <= found.high


def stopped(noise: Noise, cache: CacheWish) -> list[int]:
    """The times of one case that is tried until it is precise enough."""
    case = Case(loader="any", checkpoint="any", cache=cache)
    plan = Plan(cases=[], rounds=LADDER[-1], ladder=list(LADDER), precision=PRECISION, seed=0, timeout_s=1)
    drawn = noise.draw(1, LADDER[-1])[0]
    return drawn[: rounds_wanted(plan, case, dict(enumerate(drawn, 1)))]


def ratio_covered(baseline_ns: Sequence[int], candidate_ns: Sequence[int]) -> bool:
    found = ratio(baseline_ns, times(candidate_ns, TRUE_RATIO))
    return found.low <= TRUE_RATIO <= found.high


def times(samples_ns: Sequence[int], factor: float) -> list[int]:
    return [round(factor * sample) for sample in samples_ns]


def told_apart(pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[bool, ...]:
    """Which pairs the two-sided exact test tells apart, by Holm's procedure over all of them."""
    return holm([min(1.0, 2 * min(slower_p(one, other), slower_p(other, one))) for one, other in pairs])


def real_twins(records: Sequence[Record]) -> Iterator[Twins]:
    """What became of the run's own twins, for each cache state that has any with trials that count."""
    for cache in CACHES:
        if pairs := pairs_of(records, cache, TWIN):
            yield Twins(cache, len(pairs), sum(told_apart(pairs)))


def real_slowed(records: Sequence[Record]) -> Iterator[Slowed]:
    """How many of the slowed cases are called slower, each by itself, as the detectable slowdown is defined."""
    for cache in CACHES:
        if pairs := pairs_of(records, cache, SLOWED):
            yield Slowed(cache, len(pairs), sum(slower_p(*pair) <= ALPHA for pair in pairs))


def pairs_of(records: Sequence[Record], cache: str, prefix: str) -> list[tuple[list[int], list[int]]]:
    """The times of each case, and of the same case of the loader that has the prefix; only pairs with any times."""
    samples = {name: list(of_case.values()) for name, of_case in samples_of(records, cache).items() if of_case}
    originals = {record.case.name: original(record.case, prefix) for record in records}
    return [
        (samples[originals[name]], samples[name])
        for name in samples
        if originals[name] != name and originals[name] in samples
    ]


def original(case: Case, prefix: str) -> str:
    """The name of the case without the prefix of its loader, and without what the prefixed loader has of its own."""
    if not case.loader.startswith(prefix):
        return case.name
    tunables = {name: value for name, value in case.tunables.items() if name != "percent"}
    return case.model_copy(update={"loader": case.loader.removeprefix(prefix), "tunables": tunables}).name


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        f"| Check | Cache | Draws | {' | '.join(f'n = {n}' for n in LADDER)} | Wanted | |",
        f"| --- | --- | --- | {'---: | ' * len(LADDER)}--- | --- |",
    ]
    for row in rows:
        cells = [figure_text(row.figures.get(n)) for n in LADDER]
        outside = ", ".join(str(n) for n, figure in row.figures.items() if figure.outside(row.wanted))
        mark = f"outside at {outside}" if outside else ""
        lines.append(f"| {' | '.join([row.check, row.cache, row.draws, *cells, row.wanted.text, mark])} |")
    return "\n".join(lines)


def figure_text(figure: Figure | None) -> str:
    if figure is None:
        return ""
    return f"{100 * figure.share:.1f} %" + (f" ({figure.note})" if figure.note else "")


if __name__ == "__main__":
    main()
