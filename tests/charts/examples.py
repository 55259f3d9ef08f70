"""A chart of each form, with every name given: the tests put hostile ones there."""

from collections.abc import Callable

from loadbench.charts.bars import Bar, Bars
from loadbench.charts.chart import Chart, Head, Reference
from loadbench.charts.costs import Cost, Costs
from loadbench.charts.drift import Drift, Track
from loadbench.charts.heatmap import Cell, HeatMap
from loadbench.charts.lines import Line, Lines, Point
from loadbench.charts.over_runs import Course, Mark, OverRuns
from loadbench.charts.stacks import Stack, Stacks
from loadbench.charts.strip import Samples, Strip


def bars(name: str = "fastsafetensors") -> Bars:
    """The published DeepSeek-R1 chart on MI300X."""
    return Bars(
        Head(f"DeepSeek-R1 on 8 × MI300X {name}", f"vLLM, {name}", f"As published. {name}"),
        "Time to load (s)",
        [
            Bar("safetensors, cold", 486),
            Bar("safetensors, warm", 80),
            Bar(f"{name}, cold", 65, colour=1, detail=name),
            Bar(f"{name}, warm", 37, colour=1, group=""),
        ],
        unit="s",
        baseline="safetensors, cold",
        references=[Reference(300, f"a ceiling of {name}, 300 s")],
    )


def grouped(name: str = "Run:ai") -> Bars:
    """The best of each loader per storage, of the published A10G figures."""
    best = {"gp3": (14.34, 47.99, 16.11), "io2": (7.53, 47.0, 10.36), name: (4.88, None, 37.36)}
    return Bars(
        Head("Llama-3-8B on one A10G"),
        "Time to load (s)",
        [
            Bar(loader, value, colour=colour, group=storage)
            for storage, values in best.items()
            for colour, (loader, value) in enumerate(zip((name, "safetensors", "Tensorizer"), values, strict=True))
        ],
        unit="s",
        baseline="safetensors",
    )


def lines(name: str = "Run:ai Model Streamer") -> Lines:
    """The published A10G figure 1."""
    runai = {1: 47.56, 4: 14.43, 8: 14.42, 16: 14.34}
    tensorizer = {1: 50.74, 4: 17.38, 8: 16.49, 16: 16.11, 32: 17.18, 64: 16.44, 100: 16.81}
    return Lines(
        Head("Time to load over concurrency", name, name),
        f"Concurrency {name}",
        f"Time to load (s) {name}",
        [
            Line(name, [Point(x, y) for x, y in runai.items()]),
            Line("Tensorizer", [Point(x, y, y - 1, y + 2) for x, y in tensorizer.items()], 1),
        ],
        ticks=[(100, name)],
        references=[Reference(47.99, f"safetensors {name}, 47.99 s")],
    )


def stacks(name: str = "Run:ai") -> Stacks:
    """The published A10G figure 7, in part."""
    return Stacks(
        Head("Until vLLM is ready"),
        "Time (s)",
        ["load", name],
        [
            Stack("safetensors", [47.99, 18.14], "66.13", group="gp3"),
            Stack(name, [14.34, 20.74], "35.08", group="gp3", detail=name),
            Stack(name, [4.88, None], group=name, strong=True),
        ],
        unit="s",
    )


def strip(name: str = "fastsafetensors-nogds") -> Strip:
    """A ceiling, an interval, and a single trial."""
    return Strip(
        Head("Best observed case of each loader", name),
        "Time to load (s)",
        [
            Samples("raw-read", [0.2, 0.21, 0.22, 0.25, 0.19, 0.3], 0.215, (0.19, 0.3), "0.215 s", "io", aside=True),
            Samples(name, [0.23, 0.24, 0.35], 0.24, None, f"0.240 s, {name}", name, 1, strong=True),
            Samples("one trial", [0.5], 0.5, None, "0.500 s"),
        ],
        [Reference(0.2, f"storage ceiling, 0.200 s {name}")],
    )


def heat_map(name: str = "buffer") -> HeatMap:
    """Two axes, a pair that was not measured, and a top set of two."""
    return HeatMap(
        Head("threads and buffer", name),
        f"{name} (bytes)",
        f"threads {name}",
        "Time (s)",
        ["8M", "16M", name],
        ["8", name],
        [[Cell(0.3), Cell(0.234, top=True), Cell(0.35, name)], [Cell(0.25, top=True), None, Cell(0.4)]],
    )


def drift(name: str = "cold raw-read") -> Drift:
    """Two sentinels."""
    return Drift(
        Head("Did the machine drift?", name),
        [Track(name, [1, 2, 3, 4], [0, -0.02, 0.02, 0.3]), Track("warm", [1, 2, 3, 4], [0.01, 0, 0, -0.01], 1)],
        0.05,
    )


def costs(name: str = "mmap") -> Costs:
    """Two loaders, of which one costs nothing per byte."""
    return Costs(
        Head("Cost of a load", name),
        [Cost(name, 0.05, 0.4, [(0.25, 0.16), (1.5, 0.66), (5, 2.1)]), Cost("nogds", 0.1, 0, [(0.5, 0.1)], 1)],
    )


def over_runs(name: str = "tensorizer") -> OverRuns:
    """Two cases with a step at the same place, one without, and a run that one of them is not in."""
    up = [0, 0.02, -0.01, 0.0, 0.21, 0.2, 0.22, 0.19]
    return OverRuns(
        Head("gpt2, cold: 8 runs", name, name),
        [
            Course(name, range(8), up, [Mark(3, 4, "+20.5 %")]),
            Course("mmap", range(8), [2 * value for value in up], [Mark(3, 4, "+41.0 %")], 1),
            Course("pread", [0, 1, 2, 4, 5, 6, 7], [0.01, 0, -0.02, 0, 0.01, 0, 0], colour=2),
        ],
        [*(f"11-{day:02} 15:30" for day in range(1, 8)), name],
    )


EXAMPLES: dict[str, Callable[[str], Chart]] = {
    form.__name__: form for form in (bars, grouped, lines, stacks, strip, heat_map, drift, costs, over_runs)
}
EMPTY: dict[str, Chart] = {
    "bars": Bars(Head("none"), "Time (s)", []),
    "lines": Lines(Head("none"), "threads", "Time (s)", []),
    "stacks": Stacks(Head("none"), "Time (s)", ["load"], []),
    "strip": Strip(Head("none"), "Time (s)", []),
    "heat_map": HeatMap(Head("none"), "a", "b", "Time (s)", [], [], []),
    "drift": Drift(Head("none"), [], 0.05),
    "costs": Costs(Head("none"), []),
    "over_runs": OverRuns(Head("none"), [], []),
}
