"""What must be known beside a published figure: each fact stands once, as high up as it holds."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadbench.published.layout import SETTING
from loadbench.published.records import NOT_STATED, PublishedFigure
from loadbench.records import Value
from loadbench.report.facts import Fact
from loadbench.report.published_cells import sentence, stated
from loadbench.report.text import short, value_text

_CONFIDENCE = {
    "read": "read in the source",
    "secondary": "secondary: quoted by somebody else",
    "approximate": "approximate: read off a chart",
}


@dataclass(frozen=True)
class Known:
    """A fact about a figure."""

    label: str
    text: Callable[[PublishedFigure], str]
    shown_as: str = ""
    """The column that shows it too, so that the table needs no second one."""


def known(shown: Collection[str] = ()) -> tuple[Known, ...]:
    """All facts, in order; the settings without those that have a column."""
    return (
        Known("Source", lambda figure: figure.source),
        Known("Date", lambda figure: figure.date),
        Known("Address", lambda figure: figure.url),
        Known("Machine", lambda figure: figure.hardware),
        Known("GPU", lambda figure: figure.gpu, "gpu"),
        Known("Versions", lambda figure: ", ".join(f"{name} {text}" for name, text in figure.versions.items())),
        Known("Model", lambda figure: figure.model, "model"),
        Known("Bytes", lambda figure: "" if figure.bytes is None else f"{figure.bytes:,}"),
        Known("Basis of the bytes", lambda figure: figure.bytes_basis),
        Known("Storage", lambda figure: figure.storage, "storage"),
        Known("Settings", lambda figure: _settings(figure.settings, shown)),
        Known("Cache state", lambda figure: figure.cache_state),
        Known("Clock", lambda figure: f"{figure.clock}: {figure.clock_includes}"),
        Known("Runs", _runs),
        Known("Spread", _spread),
        Known("Unit", _unit),
        Known("Confidence", lambda figure: _CONFIDENCE[figure.confidence]),
        Known("As printed", lambda figure: figure.printed),
    )


def common(facts: Iterable[Known], figures: Sequence[PublishedFigure]) -> tuple[Fact, ...]:
    """The facts that are the same for all these figures."""
    return tuple((fact.label, text) for fact in facts if (text := _same(fact, figures)))


def differing(facts: Iterable[Known], figures: Sequence[PublishedFigure]) -> tuple[Known, ...]:
    """The facts that are not."""
    return tuple(fact for fact in facts if _same(fact, figures) is None)


def _same(fact: Known, figures: Sequence[PublishedFigure]) -> str | None:
    texts = {fact.text(figure) for figure in figures}
    return sentence(texts.pop()) if len(texts) == 1 else None


def _settings(settings: Mapping[str, Value], shown: Collection[str]) -> str:
    left = {name: value for name, value in settings.items() if SETTING + name not in shown}
    return " ".join(f"{short(name)}={value_text(value)}" for name, value in left.items())


def _runs(figure: PublishedFigure) -> str:
    if figure.runs is None:
        return figure.statistic
    return str(figure.runs) if figure.statistic == NOT_STATED else f"{figure.runs} ({figure.statistic})"


def _spread(figure: PublishedFigure) -> str:
    samples = f"{', '.join(stated(sample) for sample in figure.samples_s)} s" if figure.samples_s else ""
    return "; ".join(part for part in (samples, figure.spread) if part)


def _unit(figure: PublishedFigure) -> str:
    stated = figure.bandwidth
    if stated is None or stated.unit_as_printed == stated.unit:
        return ""
    return f"{stated.unit_as_printed} as printed, {stated.unit} in truth"
