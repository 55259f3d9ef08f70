"""What the trials of a run say as a whole: how many were disturbed and by what, and what they can tell apart."""

from collections import Counter

from loadbench.analysis.verdict import cause, causes_text
from loadbench.report.facts import Fact
from loadbench.report.findings import Findings
from loadbench.report.resolution import resolution_text
from loadbench.report.text import count


def trial_facts(findings: Findings) -> tuple[Fact, ...]:
    """The facts that there are."""
    facts = [("Disturbed", _disturbed(findings)), ("Tells apart", _tells_apart(findings))]
    return tuple((label, text) for label, text in facts if text)


def _disturbed(findings: Findings) -> str:
    causes = Counter(cause(record.reason) for record in findings.stored.records if record.status == "disturbed")
    if not causes:
        return ""
    tried = sum(record.status != "skipped" for record in findings.stored.records)
    return f"{causes.total():,} of {count(tried, 'trial')} ({causes_text(causes)}), not counted"


def _tells_apart(findings: Findings) -> str:
    text = resolution_text(findings.resolutions)
    return f"smallest difference of two cases found in 80 % of runs like this: {text}" if text else ""
