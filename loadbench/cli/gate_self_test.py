"""`loadbench gate --self-test`: whether the gate can be trusted on this machine, now."""

from dataclasses import dataclass, replace

from loadbench.cli.gate_run import Sides, measure_gate
from loadbench.cli.sweep_run import say
from loadbench.gate.arms import Side
from loadbench.gate.result import GateResult, Rules, Verdict

_CLEARLY = 2.0
"""The injected slowdown over the one that 4 of 5 gates find: so large that this one must."""


@dataclass(frozen=True)
class Exercise:
    """One gate whose outcome is known beforehand."""

    name: str
    wanted: Verdict
    result: GateResult

    @property
    def passed(self) -> bool:
        """Whether the gate said what it had to say."""
        return self.result.verdict == self.wanted


def self_test(sides: Sides, rules: Rules) -> list[Exercise]:
    """A gate of nothing, one of an injected slowdown, one of a case that is gone. Each keeps its trials."""
    nothing = _exercise("a-a", "no change", "PASS", sides, rules, sides.base)
    slowdown = _CLEARLY * max([rules.detect, *(case.detectable or 0.0 for case in nothing.result.cases)])
    slowed = replace(sides.base, handicap=slowdown)
    gone = replace(sides.base, leave_out=True)
    return [
        nothing,
        _exercise("slowed", f"slowed down by {100 * slowdown:.0f} %", "REGRESSION", sides, rules, slowed),
        _exercise("gone", "the candidate's cases are gone", "INVALID", sides, rules, gone),
    ]


def exit_code(exercises: list[Exercise]) -> int:
    """0: all as they had to be. 3: the machine is too noisy to tell. 1: the gate is not to be trusted here."""
    wrong = [exercise for exercise in exercises if not exercise.passed]
    if not wrong:
        return 0
    return 3 if all(exercise.result.verdict == "INCONCLUSIVE" for exercise in wrong) else 1


def _exercise(folder: str, name: str, wanted: Verdict, sides: Sides, rules: Rules, head: Side) -> Exercise:
    say(f"self-test: {name}; it must be {wanted}")
    out = sides.out / folder
    base = replace(sides.base, out=out / "base")
    head = replace(head, name=sides.head.name, out=out / "head")
    exercise = Exercise(name, wanted, measure_gate(replace(sides, base=base, head=head, out=out), rules))
    say(f"self-test: {name}: {exercise.result.verdict}, {'as it must' if exercise.passed else f'not {wanted}'}")
    return exercise
