"""A stored run with everything that analysis makes of it, computed once for all formats."""

from dataclasses import dataclass

from loadbench.analysis.best import Contest, contests
from loadbench.analysis.ceilings import Ceilings
from loadbench.analysis.summary import CaseSummary, summarise_run
from loadbench.report.ceiling_tables import CeilingRow, ceiling_rows
from loadbench.report.knees import Knee, knees
from loadbench.report.resolution import Resolution, resolutions
from loadbench.report.run_warnings import run_warnings
from loadbench.report.text import short
from loadbench.store import StoredRun


@dataclass(frozen=True)
class Findings:
    """What a report is made from."""

    stored: StoredRun
    summaries: tuple[CaseSummary, ...]
    ceilings: Ceilings
    ceiling_rows: tuple[CeilingRow, ...]
    contests: tuple[Contest, ...]
    knees: tuple[Knee, ...]
    resolutions: tuple[Resolution, ...]
    warnings: tuple[str, ...]


def find(stored: StoredRun) -> Findings:
    """Analyse a run."""
    summary = summarise_run(stored.run, stored.records)
    found = contests(summary.cases)
    return Findings(
        stored=stored,
        summaries=summary.cases,
        ceilings=summary.ceilings,
        ceiling_rows=ceiling_rows(stored.run, summary.ceilings),
        contests=found,
        knees=knees(found),
        resolutions=resolutions(summary.cases),
        warnings=tuple(short(warning) for warning in run_warnings(stored, summary.cases)),
    )
