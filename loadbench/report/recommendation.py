"""A recommendation as a document: for each condition the top set, the choice and why, and what to paste."""

from collections.abc import Iterable, Mapping, Sequence

from loadbench.analysis.notes import doubts
from loadbench.analysis.recommendation import RULE, Member, Recommendation
from loadbench.analysis.summary import CaseSummary
from loadbench.recipes import ENGINES
from loadbench.recipes.recipe import Recipe
from loadbench.records import LoaderInfo
from loadbench.report.advice import Advice
from loadbench.report.best_tables import condition_text
from loadbench.report.bottleneck import limit_text
from loadbench.report.cells import loader_text, set_tunables
from loadbench.report.document import Document
from loadbench.report.facts import Fact, head_facts
from loadbench.report.findings import Findings
from loadbench.report.knees import knee_notes
from loadbench.report.tables import Block, Column, Table
from loadbench.report.text import NO_FIGURE, count, percent, seconds, seconds_range, short, times
from loadbench.units import human_size

_FACTS = ("Date", "Machine", "GPU", "Versions")
_COLUMNS = (
    Column("Test #", "right"),
    Column("Loader"),
    Column("Settings", narrow="below"),
    Column("In flight", "right"),
    Column("Peak memory", "right"),
    Column("Elapsed (s)", "right"),
    Column("95 % interval (s)", "right"),
    Column("n", "right"),
    Column("× fastest", narrow="below"),
)
_LUCK = "The best of several cases is partly luck: measure again, with the last command below, before you rely on it."
_SINGLE = "No other case of this condition has a figure, so that it was compared with nothing."
_SYNTHETIC = "The checkpoint was made by loadbench: put the path of the real model into what you paste for an engine."
_ENGINES = (
    "An engine does more than was measured here: it copies every tensor into its model, shares the work among GPUs and "
    "starts up. --contract stream is the nearest to it."
)


_READING = (
    (
        "In flight",
        "threads of the loader, or reads that it has the kernel do at the same time; 1 where it has neither.",
    ),
    ("Peak memory", "resident in the process, its libraries included; on a GPU, the device's with it."),
)
_RATIO = (
    "× fastest",
    "time over that of the fastest observed, with the 95 % interval of that pair, uncorrected: it may exclude 1 for a "
    "case that the tests of all cases together, with a margin of 2 %, do not tell from the fastest.",
)


def recommendation_document(findings: Findings, advice: Sequence[Advice]) -> Document:
    """The recommendations of one run."""
    run = findings.stored.run
    return Document(
        title=f"loadbench recommend: {short(run.name)}",
        warnings=findings.warnings,
        facts=tuple((label, text) for label, text in head_facts(run) if label in _FACTS),
        tables=tuple(_table(one, findings) for one in advice),
        reading=_reading([one.recommendation for one in advice if one.recommendation.chosen]),
        commands=(),
        repeat=(),
    )


def _reading(found: Sequence[Recommendation]) -> tuple[Fact, ...]:
    if not found:
        return ()
    return (*_READING, _RATIO) if any(len(one.members) > 1 for one in found) else _READING


def _table(advice: Advice, findings: Findings) -> Table:
    found = advice.recommendation
    run = findings.stored.run
    title = condition_text(found.contest.condition)
    chosen = found.chosen
    if chosen is None:
        return Table(f"No recommendation: {title}", _COLUMNS, (), intro=(f"{_sentence(short(found.refusal))}",))
    numbers = {one.standing.summary.number for one in found.members}
    knees = knee_notes((knee for knee in findings.knees if knee.best.number in numbers), run.loaders)
    notes = [RULE] if len(found.members) > 1 else []
    notes += [*knees, _LUCK if len(found.contest.standings) > 1 else _SINGLE]
    blocks = [_block(recipe) for recipe in (*advice.recipes, *([advice.again] if advice.again else []))]
    if advice.no_recipes:
        blocks.insert(0, Block("Nothing to paste", "sh", (), (_sentence(short(advice.no_recipes)),)))
    elif advice.recipes:
        info = run.checkpoints[found.contest.condition.checkpoint]
        if any(recipe.target in ENGINES and recipe.lines for recipe in advice.recipes):
            notes += [_ENGINES, *([_SYNTHETIC] if info.source else [])]
    return Table(
        title=f"Recommended: {title}",
        columns=_COLUMNS,
        rows=tuple(_row(member, run.loaders) for member in found.members),
        footnotes=tuple(notes),
        intro=tuple(_sentences(found, chosen, run.loaders)),
        blocks=tuple(blocks),
    )


def _sentences(found: Recommendation, chosen: Member, loaders: Mapping[str, LoaderInfo]) -> Iterable[str]:
    """What to use, how fast that is, what it costs beside the fastest, and how sure that is."""
    summary = chosen.standing.summary
    settings = set_tunables(summary.case, loaders) or "its default settings"
    cost = f"{_workers(chosen)}{_memory(chosen)}"
    yield f"Use {loader_text(summary)} with {settings}: #{summary.number}, {cost}. {_why(found, chosen)}"
    yield _speed(summary)
    yield _sure(summary)


def _why(found: Recommendation, chosen: Member) -> str:
    others = len(found.members) - 1
    fastest = found.contest.fastest
    told = found.contest.tested
    if fastest is chosen.standing:
        tie = f", level with {count(others, 'other')} of the {told} that were tested" if others else ""
        return f"It is the fastest observed{tie}."
    return (
        f"It is the cheapest of {len(found.members)} that cannot be told from the fastest, of {told} that were tested: "
        f"{times(chosen.standing.times_best)} times the time of the fastest observed."
    )


def _workers(member: Member) -> str:
    return "1 thread or read in flight" if member.workers == 1 else f"{member.workers} threads or reads in flight"


def _memory(member: Member) -> str:
    return "" if member.memory_bytes is None else f", {_megabytes(member.memory_bytes)} of memory at its peak"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _speed(summary: CaseSummary) -> str:
    its = summary.measured
    assert its is not None
    size = human_size(its.payload_bytes)
    text = f"{size} in {seconds(its.median_ns)} s, {its.gb_per_s:.2f} GB/s."
    if summary.bounds is None:
        return f"{text} How far that is from what is possible here was not measured."
    least = f"{seconds(summary.bounds.lower.ns)} s ({summary.bounds.lower.stage})"
    return f"{text} Possible on its path is {least}: it reaches {percent(summary.ceiling_share)}. {limit_text(summary)}"


def _sure(summary: CaseSummary) -> str:
    its = summary.measured
    assert its is not None
    interval = f"95 % interval of the median {seconds_range(its.interval.low, its.interval.high)} s, n = {its.n}"
    found = doubts(summary)
    return (
        f"{interval}. In doubt: {'; '.join(found)}." if found else f"{interval}. Nothing in the run puts it in doubt."
    )


def _row(member: Member, loaders: Mapping[str, LoaderInfo]) -> tuple[str, ...]:
    summary, its = member.standing.summary, member.standing.measured
    return (
        str(summary.number),
        loader_text(summary),
        set_tunables(summary.case, loaders) or "default",
        str(member.workers),
        NO_FIGURE if member.memory_bytes is None else _megabytes(member.memory_bytes),
        seconds(its.median_ns),
        seconds_range(its.interval.low, its.interval.high),
        str(its.n),
        times(member.standing.times_best),
    )


def _block(recipe: Recipe) -> Block:
    return Block(recipe.target, recipe.language, recipe.lines, recipe.notes)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
