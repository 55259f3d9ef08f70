#!/usr/bin/env python3
"""What a report of a large run costs: time and memory, beside the shortest script that only takes medians.

    .venv/bin/python scripts/benchmark_report.py [--trials 10000,20000,50000,100000] [--repeats 3] [--pandas PYTHON]
    .venv/bin/python scripts/benchmark_report.py --make DIR --cases 5000 --rounds 20    (makes such a run and stops)

The other route is `pandas.read_json(lines=True)` and the median of each case. It needs pandas, which nothing else here
needs; an environment of its own will do:

    python3 -m venv /tmp/pandas && /tmp/pandas/bin/pip install pandas       then --pandas /tmp/pandas/bin/python

Runs are made from the recorded trials of results/vm-2cpu/gpt2: other cases, rounds and times, everything else as
recorded; one trial in 30 is disturbed and tried again, one in 200 fails. Two shapes: 20 rounds of many cases, and 50
cases of many rounds. Every measurement is a new process and the routes take turns. The table has the medians of the
wall times (with the smallest and largest), those of the CPU times, which a busy machine lengthens less, and the highest
resident memory of any repeat; imports are part of each.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent.parent / "results" / "vm-2cpu" / "gpt2"
FORMATS = ("terminal", "json", "csv", "markdown", "html")
PANDAS = """
import sys
import pandas as pd
trials = pd.read_json(sys.argv[1] + "/trials.jsonl", lines=True)
trials = trials[trials["status"] == "ok"]
load = trials["timing"].map(lambda timing: timing["load_ns"])
print(load.groupby(trials["case"].map(str)).median().to_string())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", default="10000,20000,50000,100000")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pandas", default=sys.executable, metavar="PYTHON", help="a Python that has pandas")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--make", type=Path, metavar="DIR")
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    if options.make:
        make(options.make, options.cases, options.rounds)
    else:
        measure(options)


def measure(options: argparse.Namespace) -> None:
    routes: dict[str, list[str]] = {
        name: [sys.executable, "-m", "loadbench", "report", "--format", name] for name in options.formats.split(",")
    }
    if subprocess.run([options.pandas, "-c", "import pandas"], capture_output=True, check=False).returncode:
        print(f"{options.pandas} has no pandas: that route is left out", file=sys.stderr)
    else:
        routes["pandas medians"] = [options.pandas, "-c", PANDAS]
    print("| cases × rounds | records | MB | " + " | ".join(routes) + " |")
    print("|---|---:|---:|" + "---:|" * len(routes))
    for trials in map(int, options.trials.split(",")):
        for cases, rounds in ((trials // 20, 20), (50, trials // 50)):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "run"
                # In another process: what this one has held at its largest would count for those that it starts.
                command = [sys.executable, __file__, "--make", str(path)]
                subprocess.run([*command, "--cases", str(cases), "--rounds", str(rounds)], check=True)
                size = (path / "trials.jsonl").stat().st_size / 1e6
                with (path / "trials.jsonl").open("rb") as file:
                    records = sum(1 for _ in file)
                found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in routes}
                for _ in range(options.repeats):
                    for name, command in routes.items():
                        found[name].append(cost([*command, str(path)]))
            cells = " | ".join(map(in_words, found.values()))
            print(f"| {cases:,} × {rounds:,} | {records:,} | {size:.0f} | {cells} |", flush=True)


def cost(command: list[str]) -> tuple[float, float, float]:
    """Wall and CPU time in s and highest resident memory in MB of a process."""
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "200"})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def in_words(costs: list[tuple[float, float, float]]) -> str:
    times = [seconds for seconds, _, _ in costs]
    spread = f" [{min(times):.2f}, {max(times):.2f}]" if times[1:] else ""
    cpu = statistics.median(seconds for _, seconds, _ in costs)
    return f"{statistics.median(times):.2f} s{spread}, CPU {cpu:.2f} s, {max(memory for *_, memory in costs):.0f} MB"


def make(path: Path, cases: int, rounds: int) -> None:
    """A run like the recorded one, with so many cases and rounds."""
    import json

    from loadbench.records import Case
    from loadbench.store import TRIALS_FILE, RunWriter, read_run

    recorded = read_run(TEMPLATES)
    chance = random.Random(1)
    templates = [json.loads(line) for line in (TEMPLATES / TRIALS_FILE).read_bytes().splitlines()]
    good: dict[str, list[Any]] = {}
    for template in templates:
        if template["status"] == "ok":
            good.setdefault(str(template["case"]), []).append(template)
    disturbed = [template for template in templates if template["status"] == "disturbed"]
    origins = list(good.values())
    planned = []
    for number in range(cases):
        case = origins[number % len(origins)][0]["case"]
        planned.append({**case, "tunables": {**case.get("tunables", {}), "queue": 1 + number // len(origins)}})
    plan = recorded.run.plan.model_copy(
        update={"cases": [Case.model_validate(case) for case in planned], "rounds": rounds, "sentinels": []}
    )
    RunWriter.create(path, recorded.run.model_copy(update={"plan": plan, "name": path.name})).close()
    with (path / TRIALS_FILE).open("w") as file:
        for record in _records(planned, rounds, origins, disturbed, chance):
            file.write(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")


def _records(
    planned: list[Any], rounds: int, origins: list[list[Any]], disturbed: list[Any], chance: random.Random
) -> Iterator[Any]:
    clock = 1_780_000_000.0
    speed = [chance.lognormvariate(0, 0.1) for _ in planned]
    for number in range(1, rounds + 1):
        for index in chance.sample(range(len(planned)), len(planned)):
            case, attempt = planned[index], 1
            if chance.random() < 1 / 30:
                yield _record(chance.choice(disturbed), case, number, attempt, clock, speed[index])
                clock, attempt = clock + 0.5, 2
            record = _record(
                chance.choice(origins[index % len(origins)]), case, number, attempt, clock,
                speed[index] * chance.lognormvariate(0, 0.03),
            )  # fmt: skip
            clock += 0.5
            if chance.random() < 1 / 200:
                kept = ("case", "round", "attempt", "started_at", "session", "isolation")
                record = {key: record[key] for key in kept if key in record}
                record |= {"status": "failed", "reason": "the trial's process ended with exit code 1"}
            yield record


def _record(template: Any, case: Any, number: int, attempt: int, clock: float, factor: float) -> Any:
    """The template with another case and round, and all its times multiplied."""
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(clock))
    timing = template["timing"]
    return {
        **template,
        "case": case,
        "round": number,
        "attempt": attempt,
        "started_at": f"{seconds}.{int(clock % 1 * 1000):03}+00:00",
        "timing": {
            "load_ns": int(timing["load_ns"] * factor),
            "process_ns": int(timing["process_ns"] * factor),
            "events": {name: int(value * factor) for name, value in timing["events"].items()},
            "modules_imported": timing["modules_imported"],
        },
    }


if __name__ == "__main__":
    main()
