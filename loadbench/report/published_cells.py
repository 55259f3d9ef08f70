"""The cells of one published figure: as stated where it is stated, marked where it is computed."""

from loadbench.published.layout import SETTING, PublishedColumn
from loadbench.published.records import PublishedFigure, RateUnit
from loadbench.report.text import NO_FIGURE, rate, short, value_text

COMPUTED = "ᶜ"
COMPUTED_NOTE = f"{COMPUTED} computed here from the bytes and the time, not a figure of the source."
LONGEST_SENTENCE = 1000
"""Characters of a sentence that a table shows."""


def cell(column: PublishedColumn, record: PublishedFigure, number: int) -> str:
    """What the column shows of the record; `number` names a row that has no name in the source."""
    shows = column.shows
    if shows.startswith(SETTING):
        value = record.settings.get(shows.removeprefix(SETTING))
        return "N/A" if value is None else value_text(value)
    if shows == "label":
        return short(record.label) or str(number)
    if shows == "seconds":
        return NO_FIGURE if record.seconds is None else stated(record.seconds, column.decimals)
    if shows in ("GB/s", "GiB/s"):
        return _rate(record, "GB/s" if shows == "GB/s" else "GiB/s", column.decimals)
    return short(str(getattr(record, shows))) or NO_FIGURE


def stated(value: float, decimals: int | None = None) -> str:
    """A number with all its digits, and with zeros up to so many decimals."""
    text = f"{value:.12f}".rstrip("0").rstrip(".")
    digits = len(text.partition(".")[2])
    return text if decimals is None or digits > decimals else f"{value:.{decimals}f}"


def is_computed(record: PublishedFigure) -> bool:
    """Whether the bandwidth shown is loadbench's sum, not the source's figure."""
    return record.bandwidth is None and record.computed_rate("GB/s") is not None


def _rate(record: PublishedFigure, unit: RateUnit, decimals: int | None) -> str:
    value = record.rate(unit)
    if value is None:
        return NO_FIGURE
    if record.bandwidth is not None and record.bandwidth.unit == unit:
        return stated(value, decimals)
    return rate(value) + (COMPUTED if record.bandwidth is None else "")


def sentence(text: str) -> str:
    """A sentence of a file, not longer than anybody reads."""
    return short(text, LONGEST_SENTENCE)


def notes_cell(record: PublishedFigure) -> str:
    """All notes on the record."""
    return sentence(" ".join(record.notes))
