"""Words that charts of published figures share. A source's figures are shown together only where their clock is one."""

from collections.abc import Mapping, Sequence

from loadbench.charts.chart import Head
from loadbench.published.records import Clock, Published, PublishedFigure
from loadbench.records import Value
from loadbench.report.published_cells import stated
from loadbench.report.text import short, value_text

AXES: Mapping[Clock, str] = {
    "load": "Time to load (s)",
    "ready": "Time until the engine is ready (s)",
    "read": "Time to read (s)",
    "transfer": "Time to transfer (s)",
    "unclear": "Time (s); the source does not define its clock",
}


def loader(figure: PublishedFigure) -> str:
    """The loader, without the engine that it runs in."""
    return figure.loader.rpartition(":")[2] or figure.loader


def colours(published: Published) -> dict[str, int]:
    """A colour for each loader, the same in all charts of the source."""
    return {name: place for place, name in enumerate(dict.fromkeys(map(loader, published.records)))}


def head(published: Published, title: str, figures: Sequence[PublishedFigure], *notes: str) -> Head:
    """The words around a chart: what is alike in its figures, and how sure they are."""
    alike = [alike_in(figures, name) for name in ("model", "gpu", "storage")]
    runs = {figure.runs for figure in figures}
    sure = [
        "Published, not measured by loadbench.",
        "The number of runs is not stated." if runs == {None} else "",
        "Read off a chart." if any(figure.confidence == "approximate" for figure in figures) else "",
        "Quoted by somebody else." if any(figure.confidence == "secondary" for figure in figures) else "",
    ]
    source = f"Source: {short(figures[0].source)}, {short(figures[0].date)}." if figures else ""
    return Head(
        short(title),
        ", ".join(part for part in (short(published.title), *alike) if part),
        " ".join(part for part in (*notes, *sure, source) if part),
    )


def alike_in(figures: Sequence[PublishedFigure], field: str) -> str:
    """The text of a field that is the same in all figures and says something; else empty."""
    found = {str(getattr(figure, field)) for figure in figures}
    text = found.pop() if len(found) == 1 else ""
    return "" if text in ("", "not stated") else short(text)


def seconds_text(figure: PublishedFigure) -> str:
    """The time as printed."""
    return "" if figure.seconds is None else stated(figure.seconds)


def settings_text(figure: PublishedFigure, names: Sequence[str]) -> str:
    """Some settings of a figure."""
    known = [(name, figure.settings[name]) for name in names if figure.settings.get(name) is not None]
    return " ".join(f"{short(name)}={value_text(value)}" for name, value in known)


def varying_settings(figures: Sequence[PublishedFigure]) -> list[str]:
    """The settings that are not the same in all figures."""
    names = dict.fromkeys(name for figure in figures for name in figure.settings)
    return [name for name in names if len({_key(figure.settings.get(name)) for figure in figures}) > 1]


def _key(value: Value) -> str:
    return repr(value)
