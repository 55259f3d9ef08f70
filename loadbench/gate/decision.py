"""A/B: the verdict on each pair of cases, from the records of both sides. Pure, so that it can be simulated.

Screen and confirm (two stages): every case is tried in a few interleaved pairs and flagged where it looks slower than
the margin, by a test that is sloppy on purpose. Only what was flagged is tried again in fresh pairs, and the times of
the first stage are not used again: the second one's error rate holds whatever the first did. Holm's procedure over the
flagged cases keeps the chance of any false alarm at alpha.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from loadbench.analysis.multiple import holm, holm_limits
from loadbench.analysis.power import residuals
from loadbench.analysis.ratio import Ratio, ratio, slower_p
from loadbench.analysis.statistics import median
from loadbench.analysis.summary import CaseSummary
from loadbench.analysis.trend import trend
from loadbench.gate.detectable import detectable
from loadbench.gate.pairs import Pair
from loadbench.gate.result import CaseResult, Rules, Verdict
from loadbench.gate.rulings import change_text, too_coarse, too_good, too_little
from loadbench.gate.trouble import trouble
from loadbench.records import Record
from loadbench.units import NS

Times = Mapping[int, int]
"""Round to ns."""


@dataclass(frozen=True)
class Side:
    """What was recorded of one case on one side."""

    name: str
    """`the baseline` or `the candidate`."""
    summary: CaseSummary | None
    records: Sequence[Record]

    @property
    def trouble(self) -> str:
        """Why it counts for nothing; empty if it does."""
        return trouble(self.name, self.summary, self.records)

    def times(self, first: int, last: int) -> dict[int, int]:
        """The times that count of some rounds."""
        measured = self.summary.measured if self.summary else None
        if measured is None:
            return {}
        found = zip(measured.rounds, measured.samples_ns, strict=True)
        return {number: time for number, time in found if first <= number <= last}


@dataclass(frozen=True)
class Contest:
    """Both sides of a pair."""

    pair: Pair
    base: Side
    head: Side

    def stage(self, first: int, last: int) -> tuple[dict[int, int], dict[int, int]]:
        """The times of both sides in some rounds."""
        return self.base.times(first, last), self.head.times(first, last)

    @property
    def trouble(self) -> str:
        """Why the comparison is void; empty if it is not."""
        return self.head.trouble or self.base.trouble


def screen_p(contest: Contest, rules: Rules) -> float | None:
    """The screening's p-value; None where a side has too few trials."""
    return _p(*contest.stage(1, rules.screen_rounds), rules.screen_rounds, rules)


def flagged(contest: Contest, rules: Rules) -> bool:
    """Whether the case has to be tried again."""
    p = screen_p(contest, rules)
    return not contest.trouble and p is not None and p <= rules.screen_p


def decide(contests: Sequence[Contest], rules: Rules) -> tuple[CaseResult, ...]:
    """The verdict on every case, after both stages."""
    again = [contest for contest in contests if flagged(contest, rules)]
    found = {contest.pair.name: _confirm_p(contest, rules) for contest in again}
    p_values = {name: p for name, p in found.items() if p is not None}
    limits = dict(zip(p_values, holm_limits(list(p_values.values()), rules.alpha), strict=True))
    slower = dict(zip(p_values, holm(list(p_values.values()), rules.alpha), strict=True))
    confirmations = {name: Confirmation(p, limits.get(name), slower.get(name)) for name, p in found.items()}
    undecided = sum(not slower.get(name) for name in found)
    return tuple(
        _case(contest, rules, _Family(len(contests), undecided), confirmations.get(contest.pair.name))
        for contest in contests
    )


@dataclass(frozen=True)
class _Family:
    """The tests that a case shares alpha with."""

    cases: int
    undecided: int
    """Flagged cases that Holm's procedure did not reject: it ended at alpha over so many."""

    def beside(self, confirmation: "Confirmation | None") -> int:
        """How many tests share alpha, this case's own among them: it would have been one more, had it been flagged."""
        return self.undecided + (confirmation is None)


@dataclass(frozen=True)
class Confirmation:
    """What the fresh pairs of a flagged case say. All None where there are too few of them."""

    p: float | None
    limit: float | None
    """What p was held against."""
    slower: bool | None


def _case(contest: Contest, rules: Rules, family: _Family, confirmation: Confirmation | None) -> CaseResult:
    """The verdict with its figures: those of the fresh pairs for a case that was flagged, else of the screening."""
    fresh = (rules.screen_rounds + 1, rules.screen_rounds + rules.confirm_rounds)
    base, head = contest.stage(*(fresh if confirmation else (1, rules.screen_rounds)))
    found = ratio(list(base.values()), list(head.values())) if base and head else None
    least = detectable(_scatter(contest, rules), family.cases, rules, flagged=family.beside(confirmation))
    verdict, reason = _verdict(contest, rules, confirmation, found, least)
    case = contest.pair.head
    known = found is not None and isfinite(found.high)
    return CaseResult(
        name=contest.pair.name,
        question="A/B",
        verdict=verdict,
        reason=reason,
        loader=case.loader,
        checkpoint=case.checkpoint,
        cache=case.cache,
        settings=contest.pair.settings,
        base_ns=list(base.values()),
        head_ns=list(head.values()),
        stage="confirm" if confirmation else "screen",
        ratio=found.estimate if found else None,
        low=found.low if found and known else None,
        high=found.high if found and known else None,
        screen_p=screen_p(contest, rules),
        confirm_p=confirmation.p if confirmation else None,
        limit_p=confirmation.limit if confirmation else rules.screen_p,
        detectable=least,
    )


def _verdict(
    contest: Contest, rules: Rules, confirmation: Confirmation | None, found: Ratio | None, least: float | None
) -> tuple[Verdict, str]:
    if contest.trouble:
        return "INVALID", contest.trouble
    if found is None or (confirmation and confirmation.slower is None):
        return "INCONCLUSIVE", "too few trials count on both sides"
    if why := _alike(contest) or too_good(found.estimate, rules):
        return "INVALID", why
    if confirmation and confirmation.slower:
        return _slower(contest, rules, found)
    if why := _doubt(contest, rules, least):
        return "INCONCLUSIVE", why
    if confirmation:
        return (
            "PASS",
            f"looked slower at first, and fresh trials do not confirm it ({_change(found)})",
        )
    return (
        "PASS",
        f"not shown to be more than {100 * rules.margin:g} % slower ({_change(found)})",
    )


def _alike(contest: Contest) -> str:
    """That a side has one time only, to the nanosecond, which no machine does; empty where that is not so."""
    for side in (contest.base, contest.head):
        measured = side.summary.measured if side.summary else None
        if measured and measured.n > 1 and len(set(measured.samples_ns)) == 1:
            return f"all times of {side.name} are the same to the nanosecond: these were not measured"
    return ""


def _slower(contest: Contest, rules: Rules, found: Ratio) -> tuple[Verdict, str]:
    """A case that is slower for sure, if that is any matter."""
    fresh = (rules.screen_rounds + 1, rules.screen_rounds + rules.confirm_rounds)
    base, head = (median(list(times.values())) for times in contest.stage(*fresh))
    if why := too_little(head - base, rules):
        return "PASS", f"{_change(found)}, but {why}"
    return (
        "REGRESSION",
        f"{_change(found)}: more than {100 * rules.margin:g} % slower, and again in fresh trials",
    )


def _doubt(contest: Contest, rules: Rules, least: float | None) -> str:
    """Why finding no regression does not mean that there is none; empty if it does."""
    base, head = contest.stage(1, rules.screen_rounds)
    fewest = min(len(base), len(head))
    if fewest < rules.screen_rounds:
        return f"only {fewest} of {rules.screen_rounds} rounds have a trial that counts on both sides"
    if why := too_coarse(least, rules):
        return f"the times scatter: {why}" if least is not None else why
    drift = trend({number: round(NS * head[number] / base[number]) for number in base if number in head})
    if drift and drift.unsteady:
        return f"UNSTEADY: the ratio of the two sides changed by {100 * drift.drift:+.0f} % over the rounds"
    return ""


def _p(base: Times, head: Times, rounds: int, rules: Rules) -> float | None:
    """None where a round has no time: with fewer pairs the test would have another power than promised."""
    if min(len(base), len(head)) < rounds:
        return None
    return slower_p(list(base.values()), list(head.values()), rules.margin)


def _confirm_p(contest: Contest, rules: Rules) -> float | None:
    first = rules.screen_rounds + 1
    return _p(*contest.stage(first, rules.screen_rounds + rules.confirm_rounds), rules.confirm_rounds, rules)


def _scatter(contest: Contest, rules: Rules) -> tuple[float, ...]:
    """How the times of both sides scatter around their medians, each stage by itself: hours may lie between them."""
    stages = ((1, rules.screen_rounds), (rules.screen_rounds + 1, rules.screen_rounds + rules.confirm_rounds))
    samples = [list(times.values()) for stage in stages for times in contest.stage(*stage)]
    return residuals([times for times in samples if times])


def _change(found: Ratio) -> str:
    return change_text(found.estimate, found.low, found.high)
