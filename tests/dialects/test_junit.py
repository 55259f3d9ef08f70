"""JUnit XML as its readers see it: a schema as strict as the strictest of them, and a real reader."""

from pathlib import Path
from typing import get_args

import pytest
from junitparser import JUnitXml, TestCase
from lxml import etree

from loadbench.dialects.junit import junit
from loadbench.gate.result import CaseResult, GateResult, Verdict
from tests.dialects.results import all_verdicts, case, for_any_text, hostile, result

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "junit.xsd"))
CHILDREN = {"PASS": [], "REGRESSION": ["failure"], "INVALID": ["error"], "INCONCLUSIVE": ["skipped"]}


def check(text: str) -> None:
    SCHEMA.assertValid(etree.fromstring(text.encode()))


def read(of: GateResult) -> list[TestCase]:
    text = junit(of)
    check(text)
    (suite,) = JUnitXml.fromstring(text.encode())
    cases = list(suite)
    assert all(isinstance(one, TestCase) for one in cases)
    return cases


def outcomes(one: TestCase) -> list[str]:
    return [str(outcome._tag) for outcome in one.result]


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_verdict_is_a_child_and_its_reason_stands_in_attribute_and_text(verdict: Verdict) -> None:
    (one,) = read(result([case("a", verdict, reason="because & <why>")]))
    assert outcomes(one) == CHILDREN[verdict]
    for outcome in one.result:
        assert outcome.message == f"{verdict}: because & <why>"
        assert (outcome.text or "").startswith(f"{verdict}: because & <why>\n")


def test_totals_are_those_of_the_cases() -> None:
    suites = JUnitXml.fromstring(junit(all_verdicts()).encode())
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (4, 1, 1, 1)


@pytest.mark.parametrize("names", [["a", "a", "a"], ["a", "a (2)", "a"], ["x" * 500, "x" * 500], ["a\n", r"a\n"]])
def test_no_two_cases_have_the_same_name(names: list[str]) -> None:
    read_names = [one.name for one in read(result([case(name) for name in names]))]
    assert len(set(read_names)) == len(names)


@for_any_text
def test_any_text_stays_text(name: str) -> None:
    of = hostile(name)
    cases = read(of)
    assert [outcomes(one) for one in cases] == [["failure"], ["failure"]]
    root = etree.fromstring(junit(of).encode())
    assert {node.tag for node in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure",
    }  # fmt: skip
    for node in root.iter():
        for text in (node.text or "", *node.attrib.values()):
            assert all(char.isprintable() or char == "\n" for char in text)
            assert len(text) < 30_000


def test_lone_surrogates_are_made_visible() -> None:
    bad = CaseResult.model_construct(**case("x", "INVALID").model_dump() | {"name": "a\ud800b", "reason": "\udcff"})
    of = GateResult.model_construct(**dict(result([case("x", "INVALID")])) | {"cases": [bad]})
    (one,) = read(of)
    assert one.name == r"a\ud800b"
    assert next(iter(one.result)).message == r"INVALID: \udcff"


def test_a_gate_without_a_case_is_not_green() -> None:
    (one,) = read(result([], reason="no case could be tried"))
    assert outcomes(one) == ["error"]
    assert "no case could be tried" in next(iter(one.result)).message


def test_a_verdict_that_no_case_has_gets_a_row_of_its_own() -> None:
    found = read(result([case("gate")], verdict="INCONCLUSIVE", reason="half of the trials were disturbed"))
    assert [(one.name, outcomes(one)) for one in found] == [("gate (2)", ["skipped"]), ("gate", [])]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e-9, 1e12])
def test_odd_durations_stay_numbers(seconds: float) -> None:
    check(junit(result([case()], seconds=seconds)))


@pytest.mark.parametrize(
    "text",
    [
        '<testsuites name="x" tests="0" failures="0" errors="0" time="1e-3"/>',
        '<testsuites name="x" tests="0" failures="0" errors="0" time="1"><testcase/></testsuites>',
        junit(all_verdicts()).replace("safetensors-mmap/gpt2/cold", "tensorizer/gpt2/cold"),
        junit(all_verdicts()).replace("18:22:04", "18:22:04Z"),
    ],
)
def test_the_schema_is_strict(text: str) -> None:
    with pytest.raises(etree.DocumentInvalid):
        check(text)
