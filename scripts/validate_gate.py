#!/usr/bin/env python3
"""How often the gate is wrong, and how often it finds a slowdown, on the noise of a real run, as a Markdown table.

    .venv/bin/python scripts/validate_gate.py results/vm-2cpu/a-a [--replicates 1000] [--seed 0]

The noise is that of the run's trials, as in validate_statistics.py: as it is, and scaled to other standard deviations
of the logarithm of the time. Each draw is a whole gate of 20 cases, screened and confirmed by the gate's own tests and
rules. What the gate adds in earnest, and is not drawn here, can only turn a PASS into INCONCLUSIVE or INVALID.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadbench.analysis.multiple import holm
from loadbench.analysis.power import residuals
from loadbench.analysis.precision import samples_by_round
from loadbench.analysis.ratio import slower_p
from loadbench.errors import LoadbenchError
from loadbench.gate.result import Rules
from loadbench.records import Record
from loadbench.store import read_run

Logs = NDArray[np.float64]
CACHES = ("cold", "warm")
CASES = 20
SCALES = (None, 0.02, 0.05, 0.10)
"""Standard deviations of log time; None for the noise as it is."""
SLOWDOWNS = (0.10, 0.20, 0.30)
_NS = 1e9


@dataclass(frozen=True)
class Row:
    """The gate's error rates on one kind of noise."""

    noise: str
    false_alarms: float
    """Share of gates of 20 unchanged cases that end in REGRESSION."""
    confirmed: float
    """Cases that each gate confirms, on average."""
    found: dict[float, float]
    """Slowdown of one case to the share of gates that find it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="directory of a run")
    parser.add_argument("--replicates", type=int, default=1000, help="simulated gates behind each figure")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.replicates < 1:
        parser.error("--replicates must be at least 1")
    try:
        records = read_run(options.run).records
    except LoadbenchError as error:
        parser.error(str(error))
    print(table(validate(records, Rules(), options.replicates, options.seed)))


def validate(records: Sequence[Record], rules: Rules, replicates: int, seed: int) -> Iterator[Row]:
    """A row for each cache state and each scale of its noise."""
    for cache in CACHES:
        pool = noise_of(records, cache)
        if len(pool):
            for scale in SCALES:
                chance = np.random.default_rng(seed)
                scaled = pool if scale is None else pool * scale / pool.std()
                text = "as it is" if scale is None else "scaled"
                yield simulate(f"{cache}, {text}, {100 * scaled.std():.1f} %", scaled, rules, replicates, chance)


def noise_of(records: Sequence[Record], cache: str) -> Logs:
    """The residuals of all cases of one cache state."""
    cases: dict[str, list[Record]] = {}
    for record in records:
        if record.case.cache == cache:
            cases.setdefault(record.case.name, []).append(record)
    return np.array(residuals([list(samples_by_round(group).values()) for group in cases.values()]))


def simulate(noise: str, pool: Logs, rules: Rules, replicates: int, chance: np.random.Generator) -> Row:
    """Many gates of 20 cases of which none, or the first, is slower."""
    alike = [gate(pool, 0.0, rules, chance) for _ in range(replicates)]

    def power(slowdown: float) -> float:
        return float(np.mean([gate(pool, slowdown, rules, chance)[0][0] for _ in range(replicates)]))

    return Row(
        noise=noise,
        false_alarms=float(np.mean([any(slower) for slower, _ in alike])),
        confirmed=float(np.mean([again for _, again in alike])),
        found={slowdown: power(slowdown) for slowdown in SLOWDOWNS},
    )


def gate(pool: Logs, slowdown: float, rules: Rules, chance: np.random.Generator) -> tuple[list[bool], int]:
    """Which cases are called slower, and how many were confirmed; the first case is slower by so much."""
    factors = [1 + slowdown, *[1.0] * (CASES - 1)]
    screened = [draw_p(pool, factor, rules.screen_rounds, rules, chance) for factor in factors]
    again = [place for place, p in enumerate(screened) if p <= rules.screen_p]
    slower = holm([draw_p(pool, factors[place], rules.confirm_rounds, rules, chance) for place in again], rules.alpha)
    called = dict(zip(again, slower, strict=True))
    return [called.get(place, False) for place in range(CASES)], len(again)


def draw_p(pool: Logs, factor: float, pairs: int, rules: Rules, chance: np.random.Generator) -> float:
    """The p-value of so many pairs of which the candidate is slower by this factor."""
    base, head = (_NS * np.exp(chance.choice(pool, pairs) + chance.normal(0, 1e-6, pairs)) for _ in range(2))
    return slower_p([round(time) for time in base], [round(factor * time) for time in head], rules.margin)


def table(rows: Iterator[Row]) -> str:
    """The rows as Markdown."""
    powers = " | ".join(f"+{100 * slowdown:.0f} % found" for slowdown in SLOWDOWNS)
    lines = [
        f"| Noise | false alarms per gate of {CASES} | confirmed | {powers} |",
        f"| --- | ---: | ---: | {' | '.join(['---:'] * len(SLOWDOWNS))} |",
    ]
    for row in rows:
        found = [f"{100 * share:.0f} %" for share in row.found.values()]
        lines.append(
            f"| {' | '.join([row.noise, f'{100 * row.false_alarms:.1f} %', f'{row.confirmed:.2f}', *found])} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
