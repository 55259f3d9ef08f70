"""What makes a comparison void: something that was not measured as asked, on either side."""

from collections.abc import Iterator, Sequence

from loadbench.analysis.measured import Measured
from loadbench.analysis.notes import faster_than_ceiling
from loadbench.analysis.summary import CaseSummary
from loadbench.records import Record

_BROKEN = {"failed": "failed", "timeout": "hung", "invalid": "delivered wrong bytes", "skipped": "was not tried"}


def trouble(side: str, summary: CaseSummary | None, records: Sequence[Record]) -> str:
    """Why this side of a case counts for nothing, `the candidate failed: ...`; empty if it does count.

    Disturbed trials are no trouble of a side: they leave too few trials, which decides nothing.
    """
    return next(_troubles(side, summary, records), "")


def _troubles(side: str, summary: CaseSummary | None, records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        if record.status in _BROKEN:
            yield f"{side} {_BROKEN[record.status]}: {record.reason or 'no reason recorded'}"
    measured = summary.measured if summary else None
    if summary is not None and measured is not None:
        yield from _unproved(side, summary, measured)


def _unproved(side: str, summary: CaseSummary, measured: Measured) -> Iterator[str]:
    if not measured.bytes_verified:
        yield f"the bytes of {side} were not verified"
    if not measured.cache_verified:
        yield f"the cache of {side} was not proved {summary.case.cache}: {measured.cache}"
    asked, taken = set(measured.requested_paths), set(measured.effective_paths)
    if "auto" not in asked and "unknown" not in taken and not taken <= asked:
        yield f"{side} took the path {'+'.join(sorted(taken))}, not {'+'.join(sorted(asked))} as asked"
    if faster_than_ceiling(summary):
        stage = summary.bounds.lower.stage if summary.bounds else "its"
        yield f"{side} is faster than the {stage} ceiling: it cannot have done the same work"
