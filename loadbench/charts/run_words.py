"""Words that the charts of a run share: loaders, settings and conditions as its tables write them."""

from collections.abc import Iterable

from loadbench.analysis.best import Contest
from loadbench.records import Case
from loadbench.report.best_tables import condition_text
from loadbench.report.cells import Loaders, set_tunables
from loadbench.report.findings import Findings

TIME_AXIS = "Time to load (s)"


def subtitle(contest: Contest, findings: Findings) -> str:
    """The condition, and where it was measured."""
    host = findings.stored.run.sessions[0].environment.get("host.name")
    return ", ".join([condition_text(contest.condition), *([f"on {host}"] if host else [])])


def settings(case: Case, loaders: Loaders) -> str:
    """What the sweep set."""
    return set_tunables(case, loaders) or "default"


def colours(findings: Findings) -> dict[str, int]:
    """A colour for each loader that is no ceiling, the same in all charts of the run."""
    return _numbered(one.case.loader for one in findings.summaries if not one.is_ceiling)


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}
