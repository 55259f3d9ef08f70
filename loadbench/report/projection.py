"""Runs side by side: a projection of their cases as a document."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadbench.analysis.keys import Point
from loadbench.analysis.layout import Layout, layout
from loadbench.analysis.projection import Grid, project
from loadbench.errors import UsageError
from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.findings import Findings
from loadbench.report.projection_tables import projection_tables
from loadbench.report.projection_words import residue_warnings
from loadbench.report.selection import all_points, checked_keys, labels, parsed_filters, select, warnings_on
from loadbench.report.text import count, short, visible

_MOST_RUNS = 8
"""The head of the document names so many runs."""
_READING = (
    (
        "(s)",
        "median load time of the trials that count, in seconds. Beside it the distribution-free 95 % interval of the "
        "median, and the number of trials.",
    ),
    ("default", "a tunable that the sweep did not set. N/A: the loader has no such key, or its run did not record it."),
)


@dataclass(frozen=True)
class Projection:
    """Grids of the cases of some runs."""

    runs: tuple[Findings, ...]
    """Those that the filter left."""
    names: tuple[str, ...]
    """What each of them is called here."""
    layout: Layout
    filter: str
    """As given; empty for none."""
    grids: tuple[Grid, ...]
    warnings: tuple[str, ...]


def projection(runs: Sequence[Findings], rows: str | None, cols: str | None, filters: Sequence[str] = ()) -> Projection:
    """The runs' cases by the keys of two comma lists, those that all filters leave. What is unknown is a UsageError."""
    terms = parsed_filters(filters)
    points = all_points(runs)
    row_keys = checked_keys(rows, "--rows", points) if rows is not None else ()
    col_keys = checked_keys(cols, "--cols", points) if cols is not None else ()
    for key in row_keys:
        if key in col_keys:
            raise UsageError(f"{visible(key)} stands in --rows and in --cols. Name it in one of them.")
    kept = select(points, terms)
    by = layout(row_keys, col_keys, found=kept)
    grids = project(kept, by)
    groups: dict[int, list[Point]] = {}
    for point in kept:
        groups.setdefault(point.run, []).append(point)
    names = labels(runs)
    return Projection(
        runs=tuple(runs[number] for number in groups),
        names=tuple(names[number] for number in groups),
        layout=by,
        filter=" ".join(filters),
        grids=grids,
        warnings=(
            *residue_warnings(grids),
            *(
                f"{short(names[number])}: {warning}"
                for number, group in groups.items()
                for warning in warnings_on(runs[number], group)
            ),
        ),
    )


def projection_document(found: Projection) -> Document:
    """A projection as every other report."""
    names = [short(name, 40) for name in found.names]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
    return Document(
        title=f"loadbench: {shown}",
        warnings=found.warnings,
        facts=(*_layout_facts(found), *_run_facts(found)),
        tables=projection_tables(found.grids),
        reading=_READING,
        commands=(),
        repeat=(),
    )


def _layout_facts(found: Projection) -> tuple[Fact, ...]:
    by = found.layout
    facts = [
        ("Rows", ", ".join(by.rows)),
        ("Columns", ", ".join(by.cols)),
        ("Tables", ", ".join(by.tables)),
        ("Filter", found.filter),
    ]
    return tuple((label, short(text)) for label, text in facts if text)


def _run_facts(found: Projection) -> tuple[Fact, ...]:
    facts = []
    for name, findings in list(zip(found.names, found.runs, strict=True))[:_MOST_RUNS]:
        session = findings.stored.run.sessions[0]
        known = (session.environment.get(key) for key in ("host.name", "cpu.model", "os.kernel"))
        parts = [session.started_at, *(str(value) for value in known if value)]
        text = ", ".join(short(part, 60) for part in (*parts, f"loadbench {findings.stored.run.loadbench_version}"))
        facts.append((f"Run {short(name, 60)}", text))
    if len(found.runs) > _MOST_RUNS:
        facts.append(("Runs", f"and {count(len(found.runs) - _MOST_RUNS, 'more run')}"))
    return tuple(facts)
