"""The baselines that are kept, as a document."""

from collections.abc import Sequence

from loadbench.gate.baselines import Baseline
from loadbench.report.document import Document
from loadbench.report.tables import Column, Table
from loadbench.report.text import NO_FIGURE, short

_COLUMNS = (
    Column("Name"),
    Column("Machine"),
    Column("Date"),
    Column("Cases", "right"),
    Column("Checkpoints", narrow="below"),
    Column("Versions", narrow="below"),
)


def baseline_list(baselines: Sequence[Baseline], directory: str) -> Document:
    """One row each. One that cannot be read has a row too, and a warning with the reason."""
    warnings = tuple(short(one.problem) for one in baselines if one.problem)
    rows = tuple(_row(one) for one in baselines)
    intro = () if rows else ("No run is kept here yet: `loadbench baseline save NAME RUN` keeps one.",)
    table = Table(f"Runs kept in {short(directory)}", _COLUMNS, rows, intro=intro)
    return Document("loadbench: baselines", warnings, (), (table,), (), (), ())


def _row(one: Baseline) -> tuple[str, ...]:
    if one.run is None:
        return (one.name, short(one.machine), NO_FIGURE, NO_FIGURE, "", "cannot be read")
    run = one.run.run
    host = str(run.sessions[0].environment.get("host.name") or "")
    versions = {"loadbench": run.loadbench_version, **one.run.versions()}
    return (
        one.name,
        short(f"{one.machine} ({host})" if host else one.machine),
        short(one.run.started_at),
        str(len(one.run.contestants)),
        short(", ".join(run.checkpoints)),
        ", ".join(f"{short(name)} {short(version)}" for name, version in versions.items()),
    )
