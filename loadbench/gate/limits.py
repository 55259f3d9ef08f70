"""Absolute limits of a run, `load<4s` or `ceiling>0.8`, held against the 95 % interval of the median."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Literal

from loadbench.analysis.measured import why_not_counted
from loadbench.analysis.statistics import SMALLEST_SAMPLE, interval, median
from loadbench.analysis.summary import CaseSummary
from loadbench.errors import UsageError, unknown_name
from loadbench.gate.measured_run import MeasuredRun
from loadbench.gate.result import CaseResult, Verdict
from loadbench.gate.stored_case import before_figures, case_result
from loadbench.records import Case, Record, name_value
from loadbench.units import NS, gb_per_s, gib_per_s, human_seconds, human_size, parse_duration, parse_share, parse_size

Sign = Literal["<", ">"]
Estimate = tuple[float, float, float]
"""The median and its interval, in the quantity's unit."""


@dataclass(frozen=True)
class Quantity:
    """What a limit can be about."""

    parse: Callable[[str], float]
    show: Callable[[float], str]
    estimate: Callable[[CaseSummary, Sequence[Record]], Estimate | None]
    """Of the records of a case that count; None where it was not measured."""
    help: str


@dataclass(frozen=True)
class Limit:
    """A limit, and the cases that it is for: all, or those that every word of the filter matches."""

    text: str
    """As it was written."""
    filter: tuple[str, ...]
    quantity: str
    sign: Sign
    value: float

    def covers(self, case: Case) -> bool:
        """Whether the limit is for this case."""
        words = (case.name, case.loader, case.checkpoint, case.device, case.cache, case.contract, case.dtype)
        settings = [f"{name}={name_value(value)}" for name, value in case.tunables.items()]
        return all(any(fnmatchcase(word, wish) for word in (*words, *settings)) for wish in self.filter)


def parse_limit(text: str, option: Literal["--max", "--min"]) -> Limit:
    """A limit from `load<4s` or `runai-streamer cold: load<4s`."""
    sign: Sign = "<" if option == "--max" else ">"
    wish, _, rest = text.rpartition(":")
    name, found, value = rest.partition(sign)
    if not found:
        example = "load<4s" if sign == "<" else "ceiling>0.8"
        raise UsageError(f"{option} '{text}' is not a limit. Write it as '{example}', one of: {known_quantities()}.")
    name = name.strip().lower()
    if name not in QUANTITIES:
        raise unknown_name("quantity", name, QUANTITIES, f"{option} '{text}'")
    number = QUANTITIES[name].parse(value.strip())
    if number <= 0:
        raise UsageError(f"{option} '{text}': a limit is more than 0.")
    return Limit(text, tuple(wish.split()), name, sign, number)


def known_quantities() -> str:
    """All quantities with what they are."""
    return ", ".join(f"{name} ({quantity.help})" for name, quantity in QUANTITIES.items())


def check_limits(head: MeasuredRun, limits: Sequence[Limit]) -> tuple[CaseResult, ...]:
    """The verdict on every case and limit. A limit that is for no case is an error: it would never be broken.

    Each is decided by a 95 % interval of its own. No Holm here: a limit is a promise about one case.
    """
    found = []
    for limit in limits:
        covered = [summary for summary in head.contestants.values() if limit.covers(summary.case)]
        if not covered:
            loaders = ", ".join(dict.fromkeys(summary.case.loader for summary in head.contestants.values())) or "none"
            raise UsageError(
                f"the limit '{limit.text}' is for no case that {head.stored.path} could try. Its loaders: {loaders}."
            )
        found += [_case(head, summary, limit) for summary in covered]
    return tuple(found)


def _case(head: MeasuredRun, summary: CaseSummary, limit: Limit) -> CaseResult:
    quantity = QUANTITIES[limit.quantity]
    counted = [record for record in head.records(summary.case) if why_not_counted(record) is None]
    estimate = quantity.estimate(summary, counted)
    verdict, reason = before_figures(head, summary) or _verdict(limit, quantity, estimate)
    times = list(summary.measured.samples_ns) if summary.measured else []
    value = estimate[0] if estimate else None
    return case_result(summary.case, "limit", verdict, reason, head_ns=times, value=value, limit=limit.text)


def _verdict(limit: Limit, quantity: Quantity, estimate: Estimate | None) -> tuple[Verdict, str]:
    if estimate is None:
        return "INVALID", f"{limit.quantity} was not measured: the limit cannot be checked"
    middle, low, high = (quantity.show(value) for value in estimate)
    shown = f"{limit.quantity} {middle} [{low}, {high}], limit {limit.sign} {quantity.show(limit.value)}"
    inside = operator.lt if limit.sign == "<" else operator.gt
    ends = [inside(end, limit.value) for end in estimate[1:]]
    if all(ends):
        return "PASS", shown
    if any(ends):
        return "INCONCLUSIVE", f"{shown}: the limit lies inside the interval; sweep with more --rounds"
    return "REGRESSION", f"{shown}: broken"


def _of_samples(samples: Sequence[int | None]) -> Estimate | None:
    """None where a trial has no value, or fewer than 6 have one."""
    known = [sample for sample in samples if sample is not None]
    if len(known) < max(SMALLEST_SAMPLE, len(samples)):
        return None
    found = interval(known)
    return median(known), found.low, found.high


def _loads(_: CaseSummary, records: Sequence[Record]) -> Estimate | None:
    return _seconds(_of_samples([record.timing.load_ns if record.timing else None for record in records]))


def _processes(_: CaseSummary, records: Sequence[Record]) -> Estimate | None:
    return _seconds(_of_samples([record.timing.process_ns if record.timing else None for record in records]))


def _seconds(times_ns: Estimate | None) -> Estimate | None:
    if times_ns is None:
        return None
    middle, low, high = (time / NS for time in times_ns)
    return middle, low, high


def _resident(_: CaseSummary, records: Sequence[Record]) -> Estimate | None:
    return _of_samples([record.counters.rss_peak_bytes if record.counters else None for record in records])


def _on_device(_: CaseSummary, records: Sequence[Record]) -> Estimate | None:
    return _of_samples([record.counters.device_peak_bytes if record.counters else None for record in records])


def _rate(unit: Callable[[int, float], float], summary: CaseSummary, records: Sequence[Record]) -> Estimate | None:
    times = _loads(summary, records)
    if times is None or summary.measured is None:
        return None
    middle, low, high = times
    size = summary.measured.payload_bytes
    return unit(size, middle * NS), unit(size, high * NS), unit(size, low * NS)


def _ceiling(summary: CaseSummary, records: Sequence[Record]) -> Estimate | None:
    times = _loads(summary, records)
    if times is None or summary.ceiling_share is None or summary.bounds is None:
        return None
    least = summary.bounds.lower.ns / NS
    return summary.ceiling_share, least / times[2], least / times[1]


def _share(text: str) -> float:
    share = parse_share(text)
    if share > 1:
        raise UsageError(f"'{text}' is more than the whole. Write a share as 80% or 0.8.")
    return share


def _number(text: str) -> float:
    """A rate: its unit is in its name."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise UsageError(f"'{text}' is not a rate. Write a number: the unit is in the name, as in gb/s>2.")
    return value


def _size(value: float) -> str:
    return human_size(round(value))


QUANTITIES: dict[str, Quantity] = {
    "load": Quantity(parse_duration, human_seconds, _loads, "time of the load"),
    "process": Quantity(parse_duration, human_seconds, _processes, "time from the start of the process"),
    "rss": Quantity(parse_size, _size, _resident, "peak resident memory"),
    "device": Quantity(parse_size, _size, _on_device, "peak memory of the device"),
    "gb/s": Quantity(_number, "{:.3g}".format, partial(_rate, gb_per_s), "10⁹ bytes a second"),
    "gib/s": Quantity(_number, "{:.3g}".format, partial(_rate, gib_per_s), "2³⁰ bytes a second"),
    "ceiling": Quantity(_share, "{:.2f}".format, _ceiling, "share of what is possible here"),
}
"""All that a limit can be about, as it is written."""
