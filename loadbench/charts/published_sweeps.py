"""Published sweeps of one setting, such as concurrency: the time of each loader over it, and the best of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadbench.charts.bars import Bar, Bars
from loadbench.charts.chart import Reference
from loadbench.charts.lines import Line, Lines, Point
from loadbench.charts.published_words import AXES, colours, head, loader, seconds_text, settings_text, varying_settings
from loadbench.published.records import Published, PublishedFigure
from loadbench.report.text import count, short


@dataclass(frozen=True)
class Sweep:
    """The figures of one table by loader: those that differ in one whole-numbered setting, and single ones."""

    swept: dict[str, tuple[str, Sequence[PublishedFigure]]]
    """By loader: the setting, and its figures in its order."""
    single: dict[str, PublishedFigure]


def find_sweep(figures: Sequence[PublishedFigure]) -> Sweep | None:
    """The sweep that these figures are; None where some loader's figures differ in anything else."""
    by_loader: dict[str, list[PublishedFigure]] = {}
    for figure in figures:
        by_loader.setdefault(loader(figure), []).append(figure)
    swept: dict[str, tuple[str, Sequence[PublishedFigure]]] = {}
    single: dict[str, PublishedFigure] = {}
    for name, own in by_loader.items():
        varying = varying_settings(own)
        if len(own) == 1:
            single[name] = own[0]
        elif len(varying) == 1 and len({_value(one, varying[0]) for one in own} - {None}) == len(own):
            swept[name] = (varying[0], sorted(own, key=lambda one: _value(one, varying[0]) or 0))
        else:
            return None
    alike = len({(figure.model, figure.storage, figure.cache) for figure in figures}) == 1
    return Sweep(swept, single) if swept and alike else None


def sweep_lines(sweep: Sweep, published: Published, title: str) -> Lines:
    """The time of each loader over its setting; a loader without one is a level."""
    figures = _all(sweep)
    names = dict.fromkeys(setting for setting, _ in sweep.swept.values())
    return Lines(
        head(published, title, figures),
        " or ".join(short(name) for name in names),
        AXES[figures[0].clock],
        [
            Line(
                name,
                [Point(_value(one, setting) or 0.0, one.seconds or 0.0, text=seconds_text(one)) for one in own],
                colours(published)[name],
            )
            for name, (setting, own) in sweep.swept.items()
        ],
        references=[
            Reference(one.seconds, f"{short(name)}, without such a setting: {seconds_text(one)} s")
            for name, one in sweep.single.items()
            if one.seconds is not None
        ],
    )


def best_bars(sweep: Sweep, published: Published, title: str) -> Bars:
    """The best figure of each loader."""
    bars = []
    for name, (setting, own) in sweep.swept.items():
        best = min(own, key=lambda one: one.seconds or 0.0)
        picked = f"{settings_text(best, [setting])}, best of {count(len(own), 'value')}"
        bars.append(Bar(short(name), best.seconds, seconds_text(best), colours(published)[name], picked))
    for name, one in sweep.single.items():
        bars.append(Bar(short(name), one.seconds, seconds_text(one), colours(published)[name], "one value"))
    figures = _all(sweep)
    return Bars(
        head(published, f"{title}, best of each loader", figures, "The best of a longer list has had more chances."),
        AXES[figures[0].clock],
        sorted(bars, key=lambda bar: bar.value or 0.0),
        unit="s",
        baseline=next((bar.name for bar in bars if bar.name.startswith("safetensors")), None),
    )


def _all(sweep: Sweep) -> list[PublishedFigure]:
    return [*(one for _, own in sweep.swept.values() for one in own), *sweep.single.values()]


def _value(figure: PublishedFigure, setting: str) -> float | None:
    value = figure.settings.get(setting)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else None
