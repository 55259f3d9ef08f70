"""Whether a run is good for anything: too many disturbed trials make it inconclusive."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from loadbench.records import Record

MOST_DISTURBED = 0.25
"""Above this share of disturbed trials the machine was too busy for its figures to mean much."""
SOON = 12
"""After so many trials it is told when most of them were disturbed."""
_CAUSE = re.compile(r"[a-z]{1,20}")


def inconclusive(records: Iterable[Record]) -> str:
    """Why the run decides nothing: `INCONCLUSIVE: ...`; empty if it may. Trials that were skipped are not counted."""
    tried = 0
    causes: Counter[str] = Counter()
    for record in records:
        tried += record.status != "skipped"
        if record.status == "disturbed":
            causes[cause(record.reason)] += 1
    disturbed = causes.total()
    if disturbed <= MOST_DISTURBED * tried:
        return ""
    return f"INCONCLUSIVE: {disturbed:,} of {tried:,} trials were disturbed ({causes_text(causes)})"


def busy(records: Sequence[Record]) -> str:
    """What to do on a machine that disturbs most trials; empty where it does not, or nobody knows yet."""
    tried = [record for record in records if record.status != "skipped"]
    causes = Counter(cause(record.reason) for record in tried if record.status == "disturbed")
    tolerable = ",".join(sorted(name for name in causes if name != "cache"))
    if len(tried) < SOON or causes.total() <= len(tried) / 2:
        return ""
    advice = f", or have these causes stamped and not judged: --tolerate {tolerable}" if tolerable else ""
    return f"{causes.total():,} of {len(tried):,} trials so far were disturbed. Stop what else runs here{advice}"


def cause(reason: str) -> str:
    """The cause that a disturbed trial's reason begins with: `steal` of `steal: 12 % of the CPU time`.

    Without one it is the page cache's state, which older runs explain in a sentence.
    """
    head, colon, _ = reason.partition(": ")
    return head if colon and _CAUSE.fullmatch(head) else "cache"


def causes_text(causes: Counter[str]) -> str:
    """`12 × steal, 3 × cache`, the most frequent first."""
    return ", ".join(f"{count:,} × {name}" for name, count in causes.most_common())
