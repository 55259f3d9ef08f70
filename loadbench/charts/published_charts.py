"""The charts of published figures: those that their sources have, drawn from the data by the code that draws ours."""

from collections.abc import Iterator, Sequence

from loadbench.charts.bars import Bar, Bars
from loadbench.charts.chart import NamedChart
from loadbench.charts.published_ready import ready_stacks
from loadbench.charts.published_sweeps import best_bars, find_sweep, sweep_lines
from loadbench.charts.published_words import (
    AXES,
    colours,
    head,
    loader,
    seconds_text,
    settings_text,
    varying_settings,
)
from loadbench.published.records import Clock, Published, PublishedFigure
from loadbench.report.published_cells import stated
from loadbench.report.text import rate, short

_MOST_BARS = 40
_ACROSS = "Ratios across cold and warm are the source's comparison."


def published_charts(published: Published) -> tuple[NamedChart, ...]:
    """The charts of a source, in the order of its tables. A table has one for each clock, as clocks do not compare."""
    return tuple(chart for table in published.tables for chart in _of_table(published, table.title, table.rows))


def _of_table(published: Published, title: str, rows: Sequence[str]) -> Iterator[NamedChart]:
    by_clock: dict[Clock, list[PublishedFigure]] = {}
    for name in rows:
        figure = published.by_id[name]
        by_clock.setdefault(figure.clock, []).append(figure)
    for clock, figures in by_clock.items():
        name = f"{title} {clock}" if len(by_clock) > 1 else title
        timed = [figure for figure in figures if figure.seconds is not None]
        sweep = find_sweep(timed)
        stacks = ready_stacks(timed, published, title) if clock == "ready" else None
        beside = short(title)
        if sweep:
            yield NamedChart(name, sweep_lines(sweep, published, title), beside)
            yield NamedChart(f"{name} best", best_bars(sweep, published, title), beside)
        elif stacks:
            yield NamedChart(name, stacks, beside)
        elif 1 < len(timed) <= _MOST_BARS:
            yield NamedChart(name, _time_bars(published, title, timed), beside)
        rated = [figure for figure in figures if figure.seconds is None and figure.rate("GB/s") is not None]
        if 1 < len(rated) <= _MOST_BARS:
            yield NamedChart(f"{name} rate", _rate_bars(published, title, rated), beside)


def _time_bars(published: Published, title: str, figures: Sequence[PublishedFigure]) -> Bars:
    bars = [_bar(published, figures, one, one.seconds, seconds_text(one)) for one in figures]
    across = _ACROSS if _baseline(bars) and len({figure.cache for figure in figures}) > 1 else ""
    words = head(published, title, figures, across)
    return Bars(words, AXES[figures[0].clock], _together(bars), unit="s", baseline=_baseline(bars))


def _rate_bars(published: Published, title: str, figures: Sequence[PublishedFigure]) -> Bars:
    bars = [_bar(published, figures, one, one.rate("GB/s"), _rate_text(one)) for one in figures]
    return Bars(
        head(published, title, figures),
        "Bandwidth (GB/s)",
        _together(bars),
        unit="GB/s",
        baseline=_baseline(bars),
        better="higher",
    )


def _together(bars: Sequence[Bar]) -> list[Bar]:
    """The bars of a group behind each other, the groups as they come."""
    groups = list(dict.fromkeys(bar.group for bar in bars))
    return sorted(bars, key=lambda bar: groups.index(bar.group))


def _rate_text(figure: PublishedFigure) -> str:
    bandwidth, value = figure.bandwidth, figure.rate("GB/s")
    if bandwidth and bandwidth.unit == "GB/s":
        return stated(bandwidth.value)
    return "" if value is None else rate(value)


def _baseline(bars: Sequence[Bar]) -> str | None:
    return next((bar.name for bar in bars if bar.name.startswith("safetensors")), None)


def _bar(
    published: Published, figures: Sequence[PublishedFigure], one: PublishedFigure, value: float | None, text: str
) -> Bar:
    """A figure by what sets it apart from the others of its chart."""
    apart = [field for field in ("model", "gpu", "storage") if len({getattr(other, field) for other in figures}) > 1]
    caches = {figure.cache for figure in figures}
    name = f"{short(loader(one))}, {_cache(one)}" if len(caches) > 1 else short(loader(one))
    detail = [f"#{short(one.label)}" if one.label else "", settings_text(one, varying_settings(figures))]
    return Bar(
        name,
        value,
        text,
        colours(published)[loader(one)],
        " ".join(part for part in detail if part),
        ", ".join(short(str(getattr(one, field))) for field in apart),
    )


def _cache(figure: PublishedFigure) -> str:
    return {"unknown": "cache unknown", "other": "no cache"}.get(figure.cache, figure.cache)
