"""How to read a report: each column or word, and what it means."""

from loadbench.report.facts import Fact
from loadbench.report.findings import Findings

_CONTRACTS = {
    "owned": "every tensor is alive on the device, in memory of its own, when the clock stops.",
    "stream": "each tensor is copied into a parameter that was allocated before the clock started, as inference "
    "engines do.",
    "touched": "tensors stay mapped to the file; every page has been read when the clock stops, no memory is owned.",
}


def reading(findings: Findings) -> tuple[Fact, ...]:
    """The columns and words that this run's report uses."""
    used = {summary.case.contract for summary in findings.summaries}
    facts = [
        (
            "GB/s",
            "10⁹ bytes of the requested tensors, as they are in the files, per second of median load. "
            "GiB/s: the same in units of 2³⁰ bytes.",
        ),
        (
            "Elapsed",
            "median load time. The clock starts with the call of load() and stops when every tensor is on the device "
            "and the device is synchronised. Imports, device context and the check of the bytes are outside it.",
        ),
        *((contract, text) for contract, text in _CONTRACTS.items() if contract in used),
        (
            "n",
            "trials that count, each in a process of its own. With n ≥ 6 the interval is a distribution-free 95 % "
            "confidence interval of the median (order statistics).",
        ),
        (
            "Cache",
            "this machine's page cache as read right before the clock started. cold: none of the files' pages in it; "
            "caches below, such as a hypervisor's, a storage server's or the drive's own, are not seen. warm: at least "
            "98 % of them.",
        ),
    ]
    if any(summary.bounds for summary in findings.summaries):
        facts.append(
            (
                "Of ceiling",
                "the least time that is possible for these bytes, over this case's time. It is that of the slowest "
                "stage: storage where they come from there, cold or past the page cache; the page cache where they "
                "are warm; the link to a device. Each stage's time is its fastest one, by the probe before the rounds "
                "or by a raw read in them. The bottleneck is that stage from 80 % on, else the loader.",
            )
        )
    if any(len(contest.standings) > 1 for contest in findings.contests):
        facts.append(
            (
                "× best",
                "time over that of the fastest loader's best case, with its 95 % interval (Hodges-Lehmann, exact "
                "Mann-Whitney). ≈ marks the top set: the fastest case and all that are not shown to be more than 2 % "
                "slower, by one-sided tests with Holm's correction. Of cases that are all equally fast, one or more "
                "are left out in at most 10 % of runs. The interval is that of one pair without the correction, so it "
                "may exclude 1 where the mark stands.",
            )
        )
    if any(summary.measured and summary.measured.trend for summary in findings.summaries):
        facts.append(
            (
                "Notes",
                "UNSTEADY: the time changed over the rounds by more than 5 %, and the 95 % interval of the change "
                "leaves out 0 (Theil-Sen). Two modes: the times fall into two groups, of which the median is neither. "
                "Outliers lie more than 3.5 modified z-scores from the median; none is ever left out. ±: half of the "
                "95 % interval over the median.",
            )
        )
    return tuple(facts)
