"""What a gate found: gate.json. Frozen, validated, versioned as all stored data."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from loadbench.records import Data

SCHEMA_VERSION = 1
# Format history of gate.json. A reader accepts its own version and all older ones.
# 1 - (loadbench 0.2.0) the first.

Verdict = Literal["PASS", "REGRESSION", "INCONCLUSIVE", "INVALID"]
Question = Literal["A/B", "history", "reference", "baseline", "limit"]
EXIT_CODES: dict[Verdict, int] = {"PASS": 0, "REGRESSION": 1, "INCONCLUSIVE": 3, "INVALID": 4}
FEWEST_PAIRS = 5
_GRAVEST: tuple[Verdict, ...] = ("INVALID", "REGRESSION", "INCONCLUSIVE", "PASS")
"""INVALID before REGRESSION: where something is broken, no comparison beside it is to be trusted either."""


class Rules(Data):
    """What counts as a regression, and how sure that must be."""

    margin: float = Field(default=0.05, description="A case may be slower by this share: 0.05 is 5 %.")
    least_ns: int = Field(default=5_000_000, description="A median that is slower by less than this is no matter. ns")
    detect: float = Field(default=0.20, description="The slowdown that the gate must be able to find: 0.2 is 20 %.")
    screen_rounds: int = Field(
        default=6, ge=FEWEST_PAIRS, description="Pairs of trials of every case; fewer show no scatter."
    )
    confirm_rounds: int = Field(default=8, ge=FEWEST_PAIRS, description="Fresh pairs of trials of each flagged case.")
    screen_p: float = Field(default=0.20, description="A case whose screening has at most this p-value is flagged.")
    alpha: float = Field(default=0.05, description="Chance of any false alarm among the flagged cases (Holm).")
    accept_improvement: bool = Field(default=False, description="Whether half the time or less is believed.")


class CaseResult(Data):
    """What the gate says of one case, with all that it rests on."""

    name: str = Field(description="The case, by what both sides share.")
    question: Question = Field(description="What was asked of it.")
    verdict: Verdict = Field(description="The verdict on this case.")
    reason: str = Field(description="Why, in one sentence.")
    loader: str = Field(description="Name of the loader.")
    checkpoint: str = Field(description="Name of the checkpoint.")
    cache: str = Field(description="State of the page cache asked for.")
    settings: str = Field(default="", description="The tunables that were set, and how the two sides differ in them.")
    base_ns: list[int] = Field(default_factory=list, description="Times of the baseline that the verdict rests on. ns")
    head_ns: list[int] = Field(default_factory=list, description="Times of the candidate, likewise. ns")
    stage: Literal["screen", "confirm", ""] = Field(
        default="", description="confirm: flagged by the screening, and measured again with fresh pairs."
    )
    ratio: float | None = Field(default=None, description="Time of the candidate over time of the baseline.")
    low: float | None = Field(default=None, description="Lower end of the ratio's 95 % interval; null if unknown.")
    high: float | None = Field(default=None, description="Upper end; null if unknown.")
    screen_p: float | None = Field(default=None, description="p-value of the screening.")
    confirm_p: float | None = Field(default=None, description="p-value of the confirmation.")
    limit_p: float | None = Field(default=None, description="What the p-value was held against, after Holm.")
    detectable: float | None = Field(
        default=None, description="The smallest slowdown that 4 of 5 such gates find: 0.12 is 12 %; null if none."
    )
    value: float | None = Field(default=None, description="What a limit is about, in the limit's own unit.")
    limit: str = Field(default="", description="The limit, as it was written.")
    command: str = Field(default="", description="The command that tries this case again, both sides.")


class GateResult(Data):
    """The outcome of a gate, and the cases that it rests on."""

    schema_version: int = Field(default=SCHEMA_VERSION, description="Version of this format.")
    loadbench_version: str = Field(description="Version of loadbench that decided.")
    verdict: Verdict = Field(description="The gravest of the cases', or that on the gate as a whole.")
    reason: str = Field(description="Why, in one sentence.")
    question: Question = Field(description="What was asked; limits may be added to any question.")
    rules: Rules
    base: str = Field(description="The baseline, in words: an environment, settings, a saved run, a history.")
    head: str = Field(description="The candidate, in words.")
    base_versions: dict[str, str] = Field(default_factory=dict, description="Versions of the loaders' packages.")
    head_versions: dict[str, str] = Field(default_factory=dict, description="Versions of the loaders' packages.")
    started_at: str = Field(description="ISO 8601, UTC.")
    seconds: float = Field(default=0.0, description="How long it took. s")
    command: list[str] = Field(default_factory=list, description="The command line, secrets removed.")
    notes: list[str] = Field(default_factory=list, description="What a reader must know beside the verdicts.")
    cases: list[CaseResult]

    @property
    def exit_code(self) -> int:
        """PASS 0, REGRESSION 1, INCONCLUSIVE 3, INVALID 4."""
        return EXIT_CODES[self.verdict]


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a whole gate. Of no case at all nothing is known: INVALID."""
    found = set(verdicts)
    return next((verdict for verdict in _GRAVEST if verdict in found), "INVALID")
