"""Every trial whose time does not count, and why."""

from collections.abc import Iterable
from dataclasses import replace

from loadbench.analysis.summary import CaseSummary, Outcome
from loadbench.analysis.verdict import cause
from loadbench.report.cells import Loaders, case_text
from loadbench.report.tables import Column, Table
from loadbench.report.text import count, short

_COLUMNS = (
    Column("Test #", "right"),
    Column("Status"),
    Column("Trials", "right"),
    Column("Of them repeated", "right"),
    Column("Case", narrow="below"),
    Column("Reason", narrow="below"),
)


def not_counted_table(summaries: Iterable[CaseSummary], loaders: Loaders) -> Table | None:
    """By case, status and reason; None if all trials count."""
    rows = tuple(
        (
            str(summary.number),
            outcome.status,
            str(outcome.count),
            str(outcome.repeated),
            case_text(summary.case, loaders),
            outcome.reason,
        )
        for summary in summaries
        for outcome in _by_cause(summary.outcomes)
    )
    note = "Of them repeated: tried again in the same round with success, so that the round lacks nothing."
    return Table("Not counted", _COLUMNS, rows, (note,)) if rows else None


def _by_cause(outcomes: Iterable[Outcome]) -> Iterable[Outcome]:
    """Disturbances by one cause on one line: their figures differ, and there may be many of them."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        kind = cause(outcome.reason) if outcome.status == "disturbed" else outcome.reason
        groups.setdefault((outcome.status, kind), []).append(outcome)
    for group in groups.values():
        more = f" (and {count(len(group) - 1, 'other reason')} like it)" if group[1:] else ""
        yield replace(
            group[0],
            reason=short(group[0].reason) + more,
            count=sum(one.count for one in group),
            repeated=sum(one.repeated for one in group),
        )
