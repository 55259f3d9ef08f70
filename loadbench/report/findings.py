"""A stored run with everything that analysis makes of it, computed once for all formats."""

from dataclasses import dataclass

from loadbench.analysis.best import Contest, contests
from loadbench.analysis.summary import CaseSummary, summarise
from loadbench.report.run_warnings import run_warnings
from loadbench.report.text import short
from loadbench.store import StoredRun


@dataclass(frozen=True)
class Findings:
    """What a report is made from."""

    stored: StoredRun
    summaries: tuple[CaseSummary, ...]
    contests: tuple[Contest, ...]
    warnings: tuple[str, ...]


def find(stored: StoredRun) -> Findings:
    """Analyse a run."""
    summaries = summarise(stored.run, stored.records)
    warnings = tuple(short(warning) for warning in run_warnings(stored.warnings, summaries))
    return Findings(stored, summaries, contests(summaries), warnings)
