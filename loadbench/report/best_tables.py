"""For each condition, what is possible there, and the best observed case of every loader."""

from collections.abc import Iterable

from loadbench.analysis.best import Best, Contest, possible
from loadbench.analysis.ceilings import Ceilings
from loadbench.analysis.notes import not_counted_text
from loadbench.analysis.rivals import Condition
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.report.bottleneck import sentences
from loadbench.report.cells import FIGURES, USUAL, Loaders, figure_notes, figures, loader_text, set_tunables
from loadbench.report.tables import Column, Table
from loadbench.report.text import NO_FIGURE, count, short, times

_COLUMNS = (
    Column("Test #", "right"),
    Column("Loader"),
    Column("Settings", narrow="below"),
    *FIGURES,
    Column("× best", narrow="below"),
    Column("Picked from", narrow="below"),
)
_LUCK_NOTE = "The best of several cases is partly luck: measure it again before you rely on it."


def best_tables(contests: Iterable[Contest], ceilings: Ceilings, loaders: Loaders) -> tuple[Table, ...]:
    """One table for each condition that has a figure or a reason for none."""
    return tuple(_table(contest, ceilings, loaders) for contest in contests)


def best_title(contest: Contest) -> str:
    """The title of a condition's table."""
    return f"Best observed: {condition_text(contest.condition)}"


def condition_text(condition: Condition) -> str:
    """A condition on one line."""
    parts = [condition.checkpoint, condition.cache, condition.device, condition.contract]
    if condition.dtype != USUAL["dtype"]:
        parts.append(f"as {condition.dtype}")
    return ", ".join(short(part) for part in parts)


def _table(contest: Contest, ceilings: Ceilings, loaders: Loaders) -> Table:
    best = contest.best
    footnotes = [*figure_notes([one.summary for one in best]), *_top_set_notes(contest)]
    if any(one.cases > 1 for one in best):
        footnotes.append(_LUCK_NOTE)
    missing = [f"{short(one.case.loader)} ({not_counted_text(one) or 'not tried yet'})" for one in contest.without]
    if missing:
        footnotes.append(f"No figure: {', '.join(missing)}.")
    return Table(
        title=best_title(contest),
        columns=_COLUMNS,
        rows=tuple(_row(one, contest, loaders) for one in best),
        footnotes=tuple(footnotes),
        intro=sentences(contest, possible(contest, ceilings)),
    )


def _row(best: Best, contest: Contest, loaders: Loaders) -> tuple[str, ...]:
    shared = len(contest.top_set) > 1
    mark = "≈ " if shared and best.standing and best.standing.in_top_set else ""
    level = f", ≈ {count(len(best.level), 'other')}" if best.level else ""
    return (
        str(best.summary.number),
        mark + loader_text(best.summary),
        set_tunables(best.summary.case, loaders) or "default",
        *figures(best.summary),
        times(best.standing.times_best) if best.standing else NO_FIGURE,
        f"{count(best.cases, 'case')}{level}",
    )


def _top_set_notes(contest: Contest) -> Iterable[str]:
    """What the mark means, and which cases had too few trials for a test."""
    if len(contest.top_set) > 1:
        yield f"≈ not told apart from the best (Holm over {count(contest.tested, 'case')}, margin 2 %)."
    untested = [standing.summary.number for standing in contest.standings if standing.in_top_set is None]
    if len(contest.standings) > 1 and len(untested) == len(contest.standings):
        yield f"No test of what is level with the fastest: it has fewer than {SMALLEST_SAMPLE} trials."
    elif len(contest.standings) > 1 and untested:
        yield f"Not tested, fewer than {SMALLEST_SAMPLE} trials: {', '.join(f'#{number}' for number in untested)}."
