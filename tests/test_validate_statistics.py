"""The check of the statistics on a real run's noise: that it draws what it says, and sees promises that are broken."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from loadbench.records import Record
from loadbench.store import RunWriter
from tests.builders import bad, case, run, series

SCRIPT = Path(__file__).parent.parent / "scripts" / "validate_statistics.py"
LADDER = {6, 9, 12, 15, 20}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validate_statistics", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["validate_statistics"] = module
    spec.loader.exec_module(module)
    return module


def noisy(rounds: int = 9, cache: str = "cold") -> list[Record]:
    """Six cases of different speed with 5 % noise."""
    chance = np.random.default_rng(5)
    return [
        record
        for threads in (1, 2, 4, 8, 16, 32)
        for record in series(
            case(cache=cache, tunables={"threads": threads}),
            *(100 * threads * np.exp(chance.normal(0, 0.05, rounds))),
        )
    ]


def write(path: Path, records: list[Record]) -> Path:
    writer = RunWriter.create(path, run({record.case.name: record.case for record in records}.values()))
    for record in records:
        writer.append(record)
    writer.close()
    return path


def test_the_command_prints_a_table(tmp_path: Path) -> None:
    twin = [
        record.model_copy(update={"case": record.case.model_copy(update={"loader": f"twin-of-{record.case.loader}"})})
        for record in noisy()
    ]
    path = write(tmp_path / "run", noisy() + twin)
    command = [sys.executable, str(SCRIPT), str(path), "--replicates", "20", "--seed", "3"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert first.stdout == second.stdout, "the seed decides"
    lines = first.stdout.splitlines()
    assert lines[0].startswith("| Check | Cache | Draws | n = 6 | n = 9 | n = 12 | n = 15 | n = 20 | Wanted |")
    rows = [line for line in lines[2:] if line.startswith("|")]
    assert len(rows) == 22
    assert all(line.count("|") == lines[0].count("|") for line in lines if line.startswith("|"))
    assert sum("| independent |" in row for row in rows) == sum("| by rounds |" in row for row in rows) == 11
    assert lines[-1] == "Twins in the run, cold: 0 of 6 pairs are told apart."


def test_a_directory_without_a_run_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_promises_are_kept_on_plain_noise(script: ModuleType) -> None:
    rows = list(script.validate(noisy(20), 150, 1))
    assert {row.cache for row in rows} == {"cold"}
    outside = [(row.check, row.draws) for row in rows if any(f.outside(row.wanted) for f in row.figures.values())]
    assert not [check for check, _ in outside if "top set" not in check]
    assert {n for row in rows for n in row.figures} == LADDER
    assert all(figure.tries == 150 for row in rows for figure in row.figures.values())
    found = next(row for row in rows if "detectable" in row.check)
    assert found.figures[6].note > found.figures[20].note


def test_both_cache_states_are_looked_at_apart(script: ModuleType) -> None:
    rows = list(script.validate(noisy() + noisy(cache="warm"), 2, 0))
    assert [row.cache for row in rows] == ["cold"] * 22 + ["warm"] * 22


def test_too_few_trials_give_no_rows(script: ModuleType) -> None:
    assert list(script.validate(series(case(), *range(100, 109)), 2, 0)) == []
    assert len(list(script.validate(series(case(), *range(100, 110)), 2, 0))) == 22


def test_a_broken_promise_is_seen(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = script.interval
    monkeypatch.setattr(script, "interval", lambda samples: narrow(sorted(samples)[2:-2] * 2))
    monkeypatch.setattr(script, "slower_p", lambda *_: 0.01)
    rows = {row.check: row for row in script.validate(noisy(), 100, 0) if row.draws == "independent"}
    for check in ("the median's interval covers it", "A/A: one is called slower"):
        assert rows[check].figures[6].outside(rows[check].wanted), check
    assert "outside at 6, 9" in script.table([rows["the median's interval covers it"]])


def test_chance_alone_is_not_outside(script: ModuleType) -> None:
    """Three standard errors of 80 % in 400 tries are 6 %."""
    assert not script.Figure(0.745, 400).outside(script.POWER)
    assert script.Figure(0.735, 400).outside(script.POWER)
    assert script.Figure(0.735, 100).outside(script.POWER) is False
    assert script.Figure(1.0, 400).outside(script.COVERAGE) is False
    assert script.Figure(1.0, 4000).outside(script.COVERAGE)
    assert not script.Figure(0.0, 4000).outside(script.FALSE_ALARM)


def test_only_trials_that_count_make_noise(script: ModuleType) -> None:
    records = [*series(case(), 100, 200, 400, 100), bad(case(), 5, "invalid", "wrong bytes")]
    few = series(case(tunables={"threads": 1}), 100, 200)
    rounds = script.residuals_by_round(script.samples_of([*records, *few], "cold").values())
    assert [len(residuals) for residuals in rounds] == [1, 1, 1, 1]
    assert script.samples_of(records, "warm") == {}


def test_a_round_that_was_slow_for_all_is_drawn_as_one(script: ModuleType) -> None:
    rounds = [np.full(6, effect) for effect in [0.0] * 6 + [0.5] * 6]
    chance = np.random.default_rng(1)
    one, other = np.log(script.by_rounds(rounds, chance).draw(2, 600))
    assert np.corrcoef(one, other)[0, 1] > 0.99, "what disturbs a round disturbs all its cases"
    assert np.corrcoef(one[:-1], one[1:])[0, 1] > 0.3, "and goes on in the next round"
    one, other = np.log(script.independent(rounds, chance).draw(2, 600))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.3
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 0.3


def test_stretches_are_of_consecutive_rounds(script: ModuleType) -> None:
    rounds = [np.array([number / 10]) for number in range(12)]
    drawn = script.by_rounds(rounds, np.random.default_rng(1)).draw(1, 20)[0]
    numbers = np.round(10 * np.log(np.array(drawn) / 1e9)).astype(int)
    steps = (np.diff(numbers) % 12).tolist()
    assert [step for place, step in enumerate(steps) if place % 3 != 2] == [1] * 13
    assert {step for place, step in enumerate(steps) if place % 3 == 2} != {1}
    assert len(drawn) == 20


def test_draws_have_the_median_that_they_claim(script: ModuleType) -> None:
    """A round with a single trial weighs as much as a full one where rounds are drawn."""
    chance = np.random.default_rng(1)
    rounds = [np.array([0.0] * 50), np.array([1.0]), np.array([1.0])]
    for make, expected in ((script.independent, 1e9), (script.by_rounds, np.e * 1e9)):
        noise = make(rounds, chance)
        assert noise.median_ns == pytest.approx(expected)
        assert np.median(noise.draw(1, 3000)) == pytest.approx(noise.median_ns, rel=1e-4)


def test_drawn_times_are_never_equal(script: ModuleType) -> None:
    noise = script.independent([np.zeros(12)], np.random.default_rng(1))
    assert len(set(noise.draw(1, 20)[0])) == 20


def test_a_case_stops_when_it_is_precise(script: ModuleType) -> None:
    chance = np.random.default_rng(1)
    quiet, loud = (script.independent([chance.normal(0, cv, 500)], chance) for cv in (0.005, 0.5))
    assert {len(script.stopped(quiet, "warm")) for _ in range(20)} == {6}
    assert {len(script.stopped(loud, "warm")) for _ in range(20)} == {20}


def test_twins_that_differ_are_seen(script: ModuleType) -> None:
    def twins(factor: float) -> list[Record]:
        fast = [100 + step for step in range(6)]
        loaders = ("a", "twin-of-a", "b", "twin-of-b", "twin-of-nothing")
        factors = (1, 1.001, 1, factor, 9)
        return [
            record
            for loader, by in zip(loaders, factors, strict=True)
            for record in series(case(loader), *(by * one for one in fast))
        ]

    assert list(script.real_twins(twins(1.0001))) == [script.Twins("cold", 2, 0)]
    assert list(script.real_twins(twins(1.5))) == [script.Twins("cold", 2, 1)]
    assert list(script.real_twins(twins(0.5))) == [script.Twins("cold", 2, 1)]
    assert list(script.real_twins(noisy())) == []
    untried = [bad(case("twin-of-a"), 0, "skipped", "no GPU"), *series(case("a"), 1, 2, 3)]
    assert list(script.real_twins(untried)) == []


def test_what_was_slowed_is_found_or_not(script: ModuleType) -> None:
    def slowed(factor: float) -> list[Record]:
        tunables = {"percent": 30}
        cases = (case("a"), case("slowed-a", tunables=tunables), case("b"), case("slowed-b", tunables=tunables))
        return [
            record
            for one, by in zip(cases, (1, 1, 1, factor), strict=True)
            for record in series(one, *(by * (100 + step) for step in range(6)))
        ]

    assert list(script.real_slowed(slowed(1.3))) == [script.Slowed("cold", 2, 1)]
    assert list(script.real_slowed(slowed(0.7))) == [script.Slowed("cold", 2, 0)]
    assert list(script.real_twins(slowed(1.3))) == []


def test_twins_are_told_apart_by_a_two_sided_test(script: ModuleType) -> None:
    """4 against 4 have a smallest p of 2 in 70, one-sided 1 in 70: enough for one pair, not for two."""
    fast, slow = [100, 101, 102, 103], [200, 201, 202, 203]
    assert script.told_apart([(fast, slow)]) == script.told_apart([(slow, fast)]) == (True,)
    assert script.told_apart([(fast, slow), (slow, fast)]) == (False, False)
