"""Too many disturbed trials make a run inconclusive."""

import pytest

from loadbench.analysis.verdict import busy, cause, inconclusive
from loadbench.records import Record
from tests.builders import bad, case, ok


def trials(good: int, *reasons: str) -> list[Record]:
    disturbed = [bad(case(), number, "disturbed", reason) for number, reason in enumerate(reasons, 1)]
    return [*(ok(case(), number, 5) for number in range(1, good + 1)), *disturbed]


def test_more_than_a_quarter_is_too_many() -> None:
    assert inconclusive(trials(6, "cpu: a", "cpu: b")) == ""
    assert inconclusive(trials(5, "cpu: a", "cpu: b")) == "INCONCLUSIVE: 2 of 7 trials were disturbed (2 × cpu)"


def test_causes_are_counted_the_most_frequent_first() -> None:
    text = inconclusive(trials(1, "steal: 7% of it", "cpu: 30% of it", "cpu: 40% of it"))
    assert text.endswith("(2 × cpu, 1 × steal)")


def test_skipped_trials_were_not_tried_and_failed_ones_were() -> None:
    skipped = [bad(case(), 0, "skipped", "no GPU")] * 9
    assert inconclusive([*trials(1, "cpu: a"), *skipped])
    failed = [bad(case(), 9, "failed", "crash")] * 2
    assert not inconclusive([*trials(1, "cpu: a"), *failed])
    assert inconclusive([]) == ""
    assert inconclusive(skipped) == ""


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("steal: the hypervisor gave 12% of the CPU time to others", "steal"),
        ("cold was asked for, but only 3% of the bytes came from storage inside the clock", "cache"),
        ("cannot open /a/b: Permission denied", "cache"),
        ("\x1b[31m: red", "cache"),
        ("cpu", "cache"),
        ("", "cache"),
    ],
)
def test_a_reason_begins_with_its_cause_or_is_about_the_cache(reason: str, found: str) -> None:
    assert cause(reason) == found


def test_a_busy_machine_is_told_early_and_with_what_to_do() -> None:
    assert busy(trials(4, *["cpu: a"] * 7)) == "", "too few to tell"
    assert busy(trials(6, *["cpu: a"] * 6)) == ""
    assert busy(trials(5, *["cpu: a"] * 6, "disk: b")) == (
        "7 of 12 trials so far were disturbed. Stop what else runs here, or have these causes stamped and not judged: "
        "--tolerate cpu,disk"
    )
    assert busy(trials(5, *["cache: a"] * 7)).endswith("Stop what else runs here")
