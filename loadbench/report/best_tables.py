"""For each condition, the best observed case of every loader."""

from collections.abc import Iterable

from loadbench.analysis.best import Best, Condition, Contest
from loadbench.analysis.notes import not_counted_text
from loadbench.report.cells import FIGURES, Loaders, figure_notes, figures, loader_text, set_tunables
from loadbench.report.tables import Column, Table
from loadbench.report.text import count, short

_COLUMNS = (
    Column("Test #", "right"),
    Column("Loader"),
    Column("Settings", narrow="below"),
    *FIGURES,
    Column("Picked from", narrow="below"),
)
_LEVEL_NOTE = (
    "≈ the intervals overlap: this run cannot tell it from the fastest loader, or those cases from each other."
)
_LUCK_NOTE = "The best of several cases is partly luck: measure it again before you rely on it."


def best_tables(contests: Iterable[Contest], loaders: Loaders) -> tuple[Table, ...]:
    """One table for each condition that has a figure or a reason for none."""
    return tuple(_table(contest, loaders) for contest in contests)


def _table(contest: Contest, loaders: Loaders) -> Table:
    best = contest.best
    footnotes = list(figure_notes([one.summary for one in best]))
    if any(one.level or one.level_with_fastest for one in best):
        footnotes.append(_LEVEL_NOTE)
    if any(one.cases > 1 for one in best):
        footnotes.append(_LUCK_NOTE)
    missing = [f"{short(one.case.loader)} ({not_counted_text(one) or 'not tried yet'})" for one in contest.without]
    if missing:
        footnotes.append(f"No figure: {', '.join(missing)}.")
    title = f"Best observed: {_condition_text(contest.condition)}"
    return Table(title, _COLUMNS, tuple(_row(one, loaders) for one in best), tuple(footnotes))


def _row(best: Best, loaders: Loaders) -> tuple[str, ...]:
    mark = "≈ " if best.level_with_fastest else ""
    level = f", ≈ {count(len(best.level), 'other')}" if best.level else ""
    return (
        str(best.summary.number),
        mark + loader_text(best.summary),
        set_tunables(best.summary.case, loaders) or "default",
        *figures(best.summary),
        f"{count(best.cases, 'case')}{level}",
    )


def _condition_text(condition: Condition) -> str:
    parts = [condition.checkpoint, condition.cache, condition.device, condition.contract]
    if condition.dtype != "auto":
        parts.append(f"as {condition.dtype}")
    return ", ".join(short(part) for part in parts)
