"""What is possible under a condition, and what the fastest loader's time goes to, in two sentences."""

from loadbench.analysis.best import Contest
from loadbench.analysis.ceilings import Bounds
from loadbench.analysis.summary import CaseSummary
from loadbench.report.text import percent, seconds
from loadbench.units import human_size


def sentences(contest: Contest, bounds: Bounds | None) -> tuple[str, ...]:
    """The least time for the bytes, then the bottleneck of the fastest loader; none where no ceiling is known."""
    fastest = contest.fastest
    if fastest is None:
        return ()
    found = []
    if bounds:
        size = human_size(fastest.measured.payload_bytes)
        least = f"{seconds(bounds.lower.ns)} s is possible here for these {size} ({bounds.lower.stage})."
        found.append(f"Nothing faster than {least}{_one_after_the_other(bounds)}")
    bottleneck = fastest.summary.bottleneck
    if bottleneck:
        found.append(f"Bottleneck of the fastest loader: {bottleneck} ({_reach(fastest.summary, bounds)}).")
    return (" ".join(found),) if found else ()


def _one_after_the_other(bounds: Bounds) -> str:
    if len(bounds.stages) == 1:
        return ""
    stages = " and ".join(f"{seconds(bound.ns)} s {bound.stage}" for bound in bounds.stages)
    return f" One stage after the other takes {seconds(bounds.sum_ns)} s ({stages})."


def _reach(fastest: CaseSummary, bounds: Bounds | None) -> str:
    """`94 % of the ceiling`: which ceiling is named where it is not the one of the sentence before."""
    own = fastest.bounds.lower.stage if fastest.bounds else ""
    share = percent(fastest.ceiling_share)
    if fastest.bottleneck == "loader":
        return f"the fastest reaches {share} of the {own.replace(' ', '-')} ceiling"
    if bounds and bounds.lower.stage == own:
        return f"{share} of the ceiling"
    return f"{share} of the {own.replace(' ', '-')} ceiling, which it reads at past the page cache"


def limit_text(summary: CaseSummary) -> str:
    """What limits one case: `The loader itself is what limits it.`; empty where no ceiling is known."""
    if summary.bottleneck is None:
        return ""
    what = "The loader itself, not the hardware," if summary.bottleneck == "loader" else f"The {summary.bottleneck}"
    return f"{what} limits it."
