"""A gate's result as a document."""

import shlex
from collections.abc import Iterable

from loadbench.gate.result import CaseResult, GateResult, Rules
from loadbench.report.document import Document
from loadbench.report.facts import Fact
from loadbench.report.tables import Block, Column, Table, without_empty_columns
from loadbench.report.text import NO_FIGURE, count, seconds, short
from loadbench.units import human_duration

_COLUMNS = (
    Column("Verdict"),
    Column("Loader"),
    Column("Checkpoint", narrow="below"),
    Column("Cache"),
    Column("Settings", narrow="below"),
    Column("Base (s)", "right"),
    Column("Head (s)", "right"),
    Column("Change", "right"),
    Column("n", "right"),
    Column("Finds", "right"),
    Column("Why", narrow="below"),
)
_READING: tuple[Fact, ...] = (
    ("Change", "time of the candidate against that of the baseline, with its 95 % interval (Hodges-Lehmann)."),
    ("n", "trials on each side that the figures rest on: of the fresh pairs where the screening had flagged the case."),
    ("Finds", "the smallest slowdown that 4 of 5 such gates call a regression, as the times scatter here."),
)


def gate_document(result: GateResult, *, explain: bool = False) -> Document:
    """The verdict, the cases with the gravest first, and how to repeat it; with `explain` all that they rest on."""
    order = {"INVALID": 0, "REGRESSION": 1, "INCONCLUSIVE": 2, "PASS": 3}
    cases = sorted(result.cases, key=lambda case: order[case.verdict])
    return Document(
        title=f"loadbench gate: {result.verdict}",
        warnings=tuple(short(note) for note in result.notes),
        facts=_facts(result),
        tables=(_cases(cases), *(map(_explained, cases) if explain else ())),
        reading=_READING if any(case.base_ns for case in cases) else (),
        commands=(shlex.join(result.command),) if result.command else (),
        repeat=(),
    )


def _facts(result: GateResult) -> tuple[Fact, ...]:
    rules = result.rules
    facts = (
        ("Verdict", f"{result.verdict}: {short(result.reason)}"),
        ("Baseline", short(result.base) + _versions(result.base_versions)),
        ("Candidate", short(result.head) + _versions(result.head_versions)),
        (
            "Rules",
            "" if result.question == "limit" else _rules(rules, paired=result.question == "A/B"),
        ),
        ("Took", human_duration(result.seconds)),
    )
    return tuple((label, text) for label, text in facts if text)


def _rules(rules: Rules, *, paired: bool) -> str:
    """A stored run was not measured in pairs, and has nothing to be flagged in."""
    pairs = (
        f"{rules.screen_rounds} pairs, flagged at p ≤ {rules.screen_p:g}, then {rules.confirm_rounds} fresh pairs, "
        if paired
        else ""
    )
    return (
        f"slower by more than {100 * rules.margin:g} % and by {rules.least_ns / 1e6:g} ms at least; {pairs}"
        f"Holm at {rules.alpha:g}; must find {100 * rules.detect:g} %"
    )


def _versions(versions: dict[str, str]) -> str:
    listed = ", ".join(f"{short(name)} {short(version)}" for name, version in versions.items())
    return f" ({listed})" if listed else ""


def _cases(cases: Iterable[CaseResult]) -> Table:
    return without_empty_columns(Table("Cases", _COLUMNS, tuple(_row(case) for case in cases)))


def _row(case: CaseResult) -> tuple[str, ...]:
    return (
        case.verdict,
        short(case.loader),
        short(case.checkpoint),
        short(case.cache),
        short(case.settings),
        _median(case.base_ns),
        _median(case.head_ns),
        change(case),
        str(min(len(case.base_ns), len(case.head_ns))) if case.base_ns else "",
        NO_FIGURE if case.detectable is None else f"{100 * case.detectable:.0f} %",
        short(case.reason),
    )


def change(case: CaseResult) -> str:
    """`+12 % [+8 %, +17 %]`."""
    if case.ratio is None:
        return NO_FIGURE
    estimate = f"{100 * (case.ratio - 1):+.1f} %"
    if case.low is None or case.high is None:
        return estimate
    return f"{estimate} [{100 * (case.low - 1):+.1f}, {100 * (case.high - 1):+.1f}]"


def _median(times: list[int]) -> str:
    from loadbench.analysis.statistics import median

    return seconds(median(times)) if times else NO_FIGURE


def _explained(case: CaseResult) -> Table:
    """Everything that the verdict on one case rests on."""
    facts = [
        ("Verdict", f"{case.verdict}: {short(case.reason)}"),
        ("Baseline, every trial (s)", ", ".join(map(seconds, case.base_ns)) or NO_FIGURE),
        ("Candidate, every trial (s)", ", ".join(map(seconds, case.head_ns)) or NO_FIGURE),
        ("Stage", _stage(case)),
        ("Change", change(case)),
        ("Finds", NO_FIGURE if case.detectable is None else f"{100 * case.detectable:.1f} %"),
        ("Limit", short(case.limit)),
    ]
    again = (Block("To try it again", "sh", (case.command,)),) if case.command else ()
    shown = tuple(row for row in facts if row[1])
    return Table(short(case.name), (Column("What"), Column("Found")), shown, blocks=again)


def _stage(case: CaseResult) -> str:
    if case.screen_p is None:
        return ""
    screened = f"screened, p = {case.screen_p:.3g}"
    if case.stage != "confirm":
        return f"{screened}: not flagged"
    if case.confirm_p is None:
        return f"{screened}: flagged; {count(len(case.base_ns), 'fresh trial')}, too few"
    return f"{screened}: flagged; confirmation, p = {case.confirm_p:.3g}, held against {case.limit_p:.3g}"
