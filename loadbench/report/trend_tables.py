"""A trend as a document: the steps first, then every case with its noise."""

from loadbench.analysis.steps import FEWEST_RUNS, LEAST, SHORTEST
from loadbench.report.cells import case_text
from loadbench.report.document import Document
from loadbench.report.tables import Column, Table, without_empty_columns
from loadbench.report.text import NO_FIGURE, count, seconds, short
from loadbench.report.trend import CaseTrend, DatedStep, MachineTrend

CASES_TITLE = "Every case over the runs"
_MOST_CHANGES = 8
_STEPS = (
    Column("Date"),
    Column("Case", narrow="below"),
    Column("Change", "right"),
    Column("Between", narrow="below"),
    Column("What changed there", narrow="below"),
)
_CASES = (
    Column("Case"),
    Column("Runs", "right"),
    Column("First (s)", "right"),
    Column("Last (s)", "right"),
    Column("Noise", "right"),
    Column("Steps", narrow="below"),
)


def trend_document(trend: MachineTrend) -> Document:
    """One machine."""
    found = [(case, step) for case in trend.cases for step in case.steps]
    return Document(
        title=f"loadbench: trend of {count(len(trend.runs), 'run')}",
        warnings=trend.notes,
        facts=(("Machine", short(trend.machine)), *_span(trend)),
        tables=(*([_step_table(trend, found)] if found else []), _case_table(trend)),
        reading=(
            ("Noise", "standard deviation of the runs' medians around their level"),
            (
                "Step",
                f"the level changed by {100 * LEAST:.0f} % or more and stayed for {SHORTEST} runs; of unchanged cases "
                "with 20 independent runs at most 5 % show one. A step that a ceiling shows too is the machine's. "
                f"Looked for from {FEWEST_RUNS} runs on",
            ),
        ),
        commands=(),
        repeat=(),
    )


def _span(trend: MachineTrend) -> list[tuple[str, str]]:
    if not trend.runs:
        return []
    return [("From", short(trend.runs[0].text)), ("To", short(trend.runs[-1].text))]


def _step_table(trend: MachineTrend, found: list[tuple[CaseTrend, DatedStep]]) -> Table:
    ordered = sorted(found, key=lambda pair: pair[1].after.started_at)
    rows = tuple(
        (
            short(step.after.started_at),
            _name(case, trend),
            change_text(step.step.change),
            short(f"{step.before.run.name} and {step.after.run.name}"),
            changes_text(step),
        )
        for case, step in ordered
    )
    return Table("Steps", _STEPS, rows)


def _case_table(trend: MachineTrend) -> Table:
    rows = tuple(
        (
            _name(case, trend),
            str(len(case.points)),
            seconds(case.points[0].median_ns),
            seconds(case.points[-1].median_ns),
            NO_FIGURE if case.levels.noise is None else f"{100 * case.levels.noise:.1f} %",
            _steps_cell(case),
        )
        for case in trend.cases
    )
    notes = [f"{count(trend.single, 'case')} in one run only: not shown."] if trend.single else []
    few = sum(len(case.points) < FEWEST_RUNS for case in trend.cases)
    if few:
        notes.append(f"{count(few, 'case')} in fewer than {FEWEST_RUNS} runs: too few to look for steps.")
    if not rows:
        notes.append("No case is in two runs: a trend needs runs of the same cases.")
    return without_empty_columns(Table(CASES_TITLE, _CASES, rows, footnotes=tuple(notes)))


def _steps_cell(case: CaseTrend) -> str:
    return ", ".join(f"{change_text(one.step.change)} from {short(one.after.run.name)}" for one in case.steps)


def _name(case: CaseTrend, trend: MachineTrend) -> str:
    text = case_text(case.case, trend.newest.loaders)
    return f"{text} (ceiling)" if case.is_ceiling else text


def change_text(change: float) -> str:
    """`+20.1 %`."""
    return f"{100 * change:+.1f} %"


def changes_text(step: DatedStep) -> str:
    """What changed, the first few of it."""
    texts = [short(change.text) for change in step.changes]
    more = len(texts) - _MOST_CHANGES
    return "; ".join([*texts[:_MOST_CHANGES], *([f"{more} more"] if more > 0 else [])]) or "nothing that was recorded"
