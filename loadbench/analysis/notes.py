"""What a reader must know about one case beside its figures."""

from math import ceil

from loadbench.analysis.ceilings import too_fast
from loadbench.analysis.measured import Measured
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.summary import CaseSummary, counts_by_status
from loadbench.analysis.trend import Trend
from loadbench.units import NS, human_seconds, human_size

FEW_MODULES = 5
"""More Python modules imported inside the clock than this are part of the time and should not be."""


def notes(summary: CaseSummary) -> tuple[str, ...]:
    """Doubts about the figures first, then facts about the case."""
    measured = summary.measured
    found = _doubts(summary, measured) + _facts(summary, measured) if measured else _without_figure(summary)
    if measured:
        found += _not_counted(summary)
    if summary.missing_rounds and (measured or summary.outcomes):
        why = f": {summary.missing_reason}" if summary.missing_reason else ""
        found.append(f"{summary.missing_rounds} planned {_plural('round', summary.missing_rounds)} not recorded{why}")
    return tuple(found)


def unproved(summary: CaseSummary) -> list[str]:
    """What a figure claims and no proof stands behind: the cache state, the bytes, a time that is possible."""
    found = []
    if summary.measured and not summary.measured.cache_verified:
        found.append(f"cache state not verified as {summary.case.cache}")
    if summary.measured and not summary.measured.bytes_verified:
        found.append("bytes not verified")
    if faster_than_ceiling(summary):
        found.append(_too_fast(summary))
    return found


def doubts(summary: CaseSummary) -> list[str]:
    """What puts a case's figure in doubt; empty for a case without one."""
    return _doubts(summary, summary.measured) if summary.measured else []


def faster_than_ceiling(summary: CaseSummary) -> bool:
    """Whether the case is faster than what bounds it, by more than chance."""
    return bool(summary.measured and summary.bounds and too_fast(summary.measured, summary.bounds))


def imprecise(summary: CaseSummary) -> bool:
    """Whether the case has an interval, and a wider one than its plan wants."""
    found = summary.precision
    return found is not None and found.reached is not None and found.wanted is not None and not found.met


def percent_up(share: float) -> str:
    """A share with one decimal below 10 %, rounded up, so that what is short of a limit never reads as the limit."""
    scale = 10 if share < 0.1 else 1
    return f"{ceil(round(100 * scale * share, 6)) / scale:g} %"


def not_counted_text(summary: CaseSummary) -> str:
    """How many trials of each status left a gap: `6 failed, 1 timeout`; empty if none did."""
    return ", ".join(f"{count} {status}" for status, count in counts_by_status(summary.outcomes).items())


def _doubts(summary: CaseSummary, measured: Measured) -> list[str]:
    found = unproved(summary)
    found += [f"{what} differ between trials: check" for what in measured.differing]
    if again := measured.n - len(set(measured.rounds)):
        found.append(f"{again} {_plural('trial', again)} of a round that was recorded already: check")
    if measured.modules_imported > FEW_MODULES:
        found.append(f"imports {measured.modules_imported} modules inside the clock")
    return found + _scatter(summary, measured)


def _too_fast(summary: CaseSummary) -> str:
    stage = summary.bounds.lower.stage if summary.bounds else ""
    if summary.case.cache == "cold" and stage == "storage":
        return "faster than the storage ceiling: not cold"
    return f"faster than the {stage} ceiling: check"


def _scatter(summary: CaseSummary, measured: Measured) -> list[str]:
    """Why one median may not describe the case."""
    found = []
    trend, modes, precision = measured.trend, measured.modes, summary.precision
    if trend and trend.unsteady:
        found.append(f"UNSTEADY: {drift_text(trend)}")
    if modes:
        fast, slow = human_seconds(modes.fast_ns / NS), human_seconds(modes.slow_ns / NS)
        found.append(f"two modes: {fast} and {slow} ({100 * modes.slow_share:.0f} % of the trials)")
    if measured.outliers:
        found.append(f"{len(measured.outliers)} {_plural('outlier', len(measured.outliers))} flagged (kept)")
    if precision and precision.reached is not None and precision.wanted is not None and not precision.met:
        wanted = f"{100 * precision.wanted:g} % wanted"
        found.append(f"±{percent_up(precision.reached)} after {measured.n} rounds, {wanted}")
    return found


def drift_text(trend: Trend) -> str:
    """`12 % slower at the end of the run [8 %, 16 %]`, with the 95 % interval."""
    word = "slower" if trend.drift > 0 else "faster"
    low, high = sorted((abs(trend.low), abs(trend.high)))
    return f"{100 * abs(trend.drift):.0f} % {word} at the end of the run [{100 * low:.0f} %, {100 * high:.0f} %]"


def _facts(summary: CaseSummary, measured: Measured) -> list[str]:
    found = [_path(measured)]
    if summary.case.dtype != "auto":
        found.append(
            f"bandwidth counts the file's {human_size(measured.payload_bytes)}; "
            f"delivered as {summary.case.dtype}: {human_size(measured.delivered_bytes)}"
        )
    if summary.case.contract == "touched":
        found.append("memory stays the file's: not owned")
    if summary.case.cache == "cold" and measured.cache_left_bytes is not None:
        found.append(f"page cache left: {human_size(measured.cache_left_bytes)}")
    if measured.n < SMALLEST_SAMPLE:
        found.append(f"n < {SMALLEST_SAMPLE}: too few for a 95 % interval")
    return found


def _path(measured: Measured) -> str:
    """The I/O path taken, and the one asked for where it is another."""
    taken = "+".join("O_DIRECT" if path == "direct" else path for path in measured.effective_paths)
    if taken == "unknown":
        return "I/O path not proved"
    asked = set(measured.requested_paths)
    as_asked = "auto" in asked or asked.issuperset(measured.effective_paths)
    return taken if as_asked else f"{taken}, not {' or '.join(sorted(asked))} as asked"


def _not_counted(summary: CaseSummary) -> list[str]:
    found = []
    repeated = sum(outcome.repeated for outcome in summary.outcomes)
    if repeated:
        found.append(f"{repeated} {_plural('trial', repeated)} repeated")
    lost = not_counted_text(summary)
    if lost:
        found.append(f"not counted: {lost}")
    return found


def _without_figure(summary: CaseSummary) -> list[str]:
    lost = not_counted_text(summary)
    return [f"no figure: {lost}" if lost else "not tried yet"]


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
