"""A run as a document: text and tables in reading order, not yet in any format."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadbench.analysis.summary import CaseSummary
from loadbench.records import Run
from loadbench.report.best_tables import best_tables
from loadbench.report.facts import Fact, commands, head_facts, repeat_facts
from loadbench.report.findings import Findings
from loadbench.report.loader_tables import loader_tables, not_counted_table
from loadbench.report.tables import Table
from loadbench.report.text import short


@dataclass(frozen=True)
class Document:
    """What a report says about one run."""

    title: str
    warnings: tuple[str, ...]
    facts: tuple[Fact, ...]
    tables: tuple[Table, ...]
    reading: tuple[Fact, ...]
    """How to read the tables: a column or word, and what it means."""
    commands: tuple[str, ...]
    """The command lines that made the run."""
    repeat: tuple[Fact, ...]


def document(findings: Findings) -> Document:
    """The report of one run."""
    run = findings.stored.run
    summaries = findings.summaries
    not_counted = not_counted_table(summaries, run.loaders)
    tables = (
        *best_tables(findings.contests, run.loaders),
        *loader_tables(summaries, run.loaders),
        *([not_counted] if not_counted else []),
    )
    return Document(
        title=f"loadbench: {short(run.name)}",
        warnings=findings.warnings,
        facts=head_facts(run),
        tables=tables,
        reading=_reading(run, summaries) if summaries else (),
        commands=commands(run),
        repeat=repeat_facts(run),
    )


_CONTRACTS = {
    "owned": "every tensor is alive on the device, in memory of its own, when the clock stops.",
    "stream": "each tensor is copied into a parameter that was allocated before the clock started, as inference "
    "engines do.",
    "touched": "tensors stay mapped to the file; every page has been read when the clock stops, no memory is owned.",
}


def _reading(run: Run, summaries: Sequence[CaseSummary]) -> tuple[Fact, ...]:
    used = {summary.case.contract for summary in summaries}
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
    if any(loader.ceiling for loader in run.loaders.values()):
        facts.append(
            (
                "Of ceiling",
                "time of the fastest ceiling case for the same checkpoint and cache state, on the same device where "
                "there is one, over this case's time.",
            )
        )
    return tuple(facts)
