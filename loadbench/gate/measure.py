"""An A/B gate from its first trial to its verdict, given two arms that are ready."""

from collections.abc import Callable, Sequence

from loadbench.analysis.summary import summarise_run
from loadbench.analysis.verdict import inconclusive
from loadbench.gate.arms import Arm
from loadbench.gate.decision import Contest, Side, decide, flagged
from loadbench.gate.pairs import Pair, Paired, pair_alike, pair_in_order
from loadbench.gate.result import CaseResult, Rules
from loadbench.gate.rounds import Turn, Which, paired_rounds
from loadbench.records import Case, Record
from loadbench.store import StoredRun

Told = Callable[[Turn, Record], None]
_NAMES: dict[Which, str] = {"base": "the baseline", "head": "the candidate"}


class Bout:
    """Both arms, and what they have recorded so far."""

    def __init__(self, arms: dict[Which, Arm], paired: Paired):
        self.arms = arms
        self.paired = paired
        self.records: dict[Which, list[Record]] = {"base": [], "head": []}

    def measure(self, pairs: Sequence[Pair], rounds: range, seed: int, told: Told) -> None:
        """Try these pairs in these rounds."""
        for turn, record in paired_rounds(pairs, rounds, seed, self._trial):
            self.records[turn.which].append(record)
            told(turn, record)

    def contests(self) -> list[Contest]:
        """Every pair, with all that was recorded of it."""
        sides = {which: self._sides(which) for which in self.arms}
        return [
            Contest(pair, sides["base"][pair.base.name], sides["head"][pair.head.name]) for pair in self.paired.pairs
        ]

    def flagged(self, rules: Rules) -> list[Pair]:
        """The pairs that the screening wants to see again."""
        return [contest.pair for contest in self.contests() if flagged(contest, rules)]

    def decide(self, rules: Rules) -> tuple[CaseResult, ...]:
        """The verdict on every case, those without a partner among them."""
        skipped = self.arms["head"].skipped
        gone = (_missing(case, skipped.get(case.name, "it has no such case")) for case in self.paired.missing)
        return (*decide(self.contests(), rules), *gone)

    @property
    def all_records(self) -> list[Record]:
        """The records of both sides."""
        return [*self.records["base"], *self.records["head"]]

    def stored(self, which: Which) -> StoredRun:
        """The run of one arm as it lies on disk, with the ceilings, which either arm may have measured."""
        arm = self.arms[which]
        ceilings = next((other.run.ceilings for other in self.arms.values() if other.run.ceilings), [])
        run = arm.run.model_copy(update={"ceilings": ceilings})
        return StoredRun(arm.side.out, run, tuple(self.records[which]))

    def notes(self) -> list[str]:
        """What was not compared, and why."""
        base = self.arms["base"]
        return [
            *(f"new on the candidate's side, not compared: {case.name}" for case in self.paired.new),
            *(f"not compared, the baseline cannot try it: {name}: {why}" for name, why in base.skipped.items()),
        ]

    def disturbed(self) -> str:
        """Why nothing is decided at all, if too many trials were disturbed; else empty."""
        return inconclusive(self.all_records)

    def _trial(self, turn: Turn) -> Record:
        case = turn.pair.base if turn.which == "base" else turn.pair.head
        return self.arms[turn.which].trial(case, turn.round, turn.attempt)

    def _sides(self, which: Which) -> dict[str, Side]:
        """What one arm has of each of its cases."""
        stored = self.stored(which)
        summaries = {summary.case.name: summary for summary in summarise_run(stored.run, stored.records).cases}
        by_case: dict[str, list[Record]] = {}
        for record in self.records[which]:
            by_case.setdefault(record.case.name, []).append(record)
        return {
            case.name: Side(_NAMES[which], summaries.get(case.name), by_case.get(case.name, []))
            for case in self.arms[which].cases
        }


def pair_arms(base: Arm, head: Arm, *, same_settings: bool) -> Paired:
    """The cases of two arms in pairs. What the baseline cannot try itself is not missing on the other side."""
    pair = pair_alike if same_settings else pair_in_order
    paired = pair(base.run.plan.cases, head.run.plan.cases)
    of_base = [one for one in paired.pairs if one.base.name not in base.skipped]
    return Paired(
        tuple(one for one in of_base if one.head.name not in head.skipped),
        (
            *(one.base for one in of_base if one.head.name in head.skipped),
            *(case for case in paired.missing if case.name not in base.skipped),
        ),
        paired.new,
    )


def _missing(case: Case, why: str) -> CaseResult:
    return CaseResult(
        name=case.name,
        question="A/B",
        verdict="INVALID",
        reason=f"the candidate cannot try this case, and the baseline can: {why}",
        loader=case.loader,
        checkpoint=case.checkpoint,
        cache=case.cache,
    )
