"""What there is to export of a run: its cases with a figure, each with its name and its trials."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from loadbench.analysis.measured import Measured, why_not_counted
from loadbench.analysis.summary import CaseSummary
from loadbench.errors import ResultsError
from loadbench.export.names import export_names
from loadbench.records import Case, Counters, Record, Run
from loadbench.report.findings import Findings
from loadbench.report.text import short, visible
from loadbench.units import NS, gb_per_s


@dataclass(frozen=True)
class Trial:
    """A trial that counts."""

    seconds: float
    bytes_per_s: float
    started_at: str
    round: int
    counters: Counters | None


@dataclass(frozen=True)
class Figure:
    """A case with a figure."""

    name: str
    case: Case
    measured: Measured
    ceiling_share: float | None
    trials: tuple[Trial, ...]
    """Those that count, in the order in which they were made."""

    @property
    def seconds(self) -> float:
        """The median load."""
        return self.measured.median_ns / NS

    @property
    def bounds_s(self) -> tuple[float, float] | None:
        """The interval of the median load, or the range of a few trials; None for one trial. Seconds."""
        interval = self.measured.interval
        return None if interval.kind == "single" else (interval.low / NS, interval.high / NS)

    @property
    def bounds_gb_per_s(self) -> tuple[float, float] | None:
        """The same as bandwidth, the lower one first. GB/s."""
        interval, size = self.measured.interval, self.measured.payload_bytes
        return None if interval.kind == "single" else (gb_per_s(size, interval.high), gb_per_s(size, interval.low))


@dataclass(frozen=True)
class Exported:
    """A run as the formats get it."""

    run: Run
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...]
    """The cases without a figure, each with its reason."""


def exported(findings: Findings) -> Exported:
    """The figures of a run. A run without any is an error.

    Sentinels are left out: they are set anew in every run, so that no other run has the same. What they tell is in
    the share of the ceiling.
    """
    summaries = [summary for summary in findings.summaries if not summary.is_sentinel]
    trials: dict[Hashable, list[Trial]] = {}
    for record in findings.stored.records:
        trial = _trial(record)
        if trial is not None:
            trials.setdefault(record.case.key, []).append(trial)

    figures: list[Figure] = []
    left_out: list[str] = []
    names = export_names(summary.case for summary in summaries)
    for name, summary in zip(names, summaries, strict=True):
        if summary.measured is None:
            left_out.append(f"{name}: {_why(summary)}")
            continue
        its = tuple(trials[summary.case.key])
        figures.append(Figure(name, summary.case, summary.measured, summary.ceiling_share, its))
    if not figures:
        raise ResultsError(
            f"{findings.stored.path} has no figure to export. {_why_none(summaries)} "
            "`loadbench report` shows the whole run."
        )
    return Exported(findings.stored.run, tuple(figures), tuple(left_out))


def spread(value: float, bounds: tuple[float, float]) -> float:
    """The smallest x for which value ± x encloses both bounds."""
    return max(bounds[1] - value, value - bounds[0])


def _trial(record: Record) -> Trial | None:
    if why_not_counted(record) is not None or record.timing is None or record.bytes is None:
        return None
    seconds = record.timing.load_ns / NS
    return Trial(seconds, record.bytes.payload_bytes / seconds, record.started_at, record.round, record.counters)


def _why(summary: CaseSummary) -> str:
    """Why a case has no figure: what happened to most of its trials."""
    if not summary.outcomes:
        return summary.missing_reason or "no trial of it is recorded"
    most = max(summary.outcomes, key=lambda outcome: outcome.count)
    return f"{most.status}: {visible(short(most.reason))}"


def _why_none(summaries: Sequence[CaseSummary]) -> str:
    reasons = Counter(_why(summary) for summary in summaries)
    if not reasons:
        return "It has no case."
    reason, cases = reasons.most_common(1)[0]
    return f"No trial counts; of {len(summaries)} cases {cases} for this reason: {reason}."
