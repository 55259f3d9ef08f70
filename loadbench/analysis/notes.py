"""What a reader must know about one case beside its figures."""

from loadbench.analysis.measured import Measured
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.analysis.summary import CaseSummary, counts_by_status
from loadbench.units import human_size

TOO_GOOD = 1.02
"""A share of the ceiling above this is not noise: the bytes came from elsewhere, or the ceiling is not one."""
FEW_MODULES = 5
"""More Python modules imported inside the clock than this are part of the time and should not be."""


def notes(summary: CaseSummary) -> tuple[str, ...]:
    """Doubts about the figures first, then facts about the case."""
    measured = summary.measured
    found = _doubts(summary, measured) + _facts(summary, measured) if measured else _without_figure(summary)
    if measured:
        found += _not_counted(summary)
    if summary.missing_rounds and (measured or summary.outcomes):
        found.append(f"{summary.missing_rounds} planned {_plural('round', summary.missing_rounds)} not recorded")
    return tuple(found)


def not_counted_text(summary: CaseSummary) -> str:
    """How many trials of each status left a gap: `6 failed, 1 timeout`; empty if none did."""
    return ", ".join(f"{count} {status}" for status, count in counts_by_status(summary.outcomes).items())


def _doubts(summary: CaseSummary, measured: Measured) -> list[str]:
    found = []
    if not measured.cache_verified:
        found.append(f"cache state not verified as {summary.case.cache}")
    if not measured.bytes_verified:
        found.append("bytes not verified")
    found += [f"{what} differ between trials: check" for what in measured.differing]
    if summary.ceiling_share is not None and summary.ceiling_share > TOO_GOOD:
        found.append("faster than the ceiling: check")
    if measured.modules_imported > FEW_MODULES:
        found.append(f"imports {measured.modules_imported} modules inside the clock")
    return found


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
