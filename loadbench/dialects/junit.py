"""A gate's result as JUnit XML, which Jenkins, GitLab and most other CI systems read.

PASS is a testcase without a child, REGRESSION a failure, INVALID an error, INCONCLUSIVE skipped. There was never a
standard: this keeps to what the readers share, and says the reason twice, because some show the attribute and some
the text.
"""

from collections.abc import Iterator
from datetime import datetime
from math import isfinite
from shlex import join
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from loadbench.analysis.statistics import median
from loadbench.dialects.words import Row, line, long_text, median_text, ratio_text, rows
from loadbench.gate.result import CaseResult, GateResult, Verdict
from loadbench.report.text import seconds
from loadbench.units import NS

_CHILDREN: dict[Verdict, str] = {"REGRESSION": "failure", "INVALID": "error", "INCONCLUSIVE": "skipped"}


def junit(result: GateResult) -> str:
    """The document. A testcase's time is the candidate's median, in seconds."""
    found = rows(result)
    totals = _totals(result, found)
    root = Element("testsuites", {"name": "loadbench gate"} | totals)
    suite = SubElement(root, "testsuite", {"name": "gate"} | totals | _timestamp(result.started_at))
    properties = SubElement(suite, "properties")
    for name, value in _properties(result):
        SubElement(properties, "property", name=line(name), value=long_text(value))
    for row in found:
        _testcase(suite, row)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _totals(result: GateResult, found: tuple[Row, ...]) -> dict[str, str]:
    verdicts = [row.verdict for row in found]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count("REGRESSION")),
        "errors": str(verdicts.count("INVALID")),
        "skipped": str(verdicts.count("INCONCLUSIVE")),
        "time": _time(result.seconds),
    }


def _testcase(suite: Element, row: Row) -> None:
    case = row.case
    classname = f"loadbench.{line(case.loader)}" if case else "loadbench"
    time = _time(median(case.head_ns) / NS if case and case.head_ns else 0.0)
    element = SubElement(suite, "testcase", classname=classname, name=row.name, time=time)
    if child := _CHILDREN.get(row.verdict):
        message = f"{row.verdict}: {row.reason}"
        kind: dict[str, str] = {} if child == "skipped" else {"type": row.verdict}
        details = _details(case) if case else ()
        SubElement(element, child, {"message": message} | kind).text = "\n".join([message, *details])


def _details(case: CaseResult) -> Iterator[str]:
    """All that the verdict rests on."""
    for side, times in (("base", case.base_ns), ("head", case.head_ns)):
        if times:
            yield f"{side}: median {median_text(times)} s of {' '.join(seconds(time) for time in times)}"
    if case.ratio is not None:
        yield f"head / base: {ratio_text(case)}"
    if case.limit:
        yield f"limit: {long_text(case.limit)}"
    if case.detectable is not None:
        yield f"would find: a slowdown of {100 * case.detectable:.0f} %"
    if case.command:
        yield f"again: {long_text(case.command)}"


def _properties(result: GateResult) -> Iterator[tuple[str, str]]:
    yield "verdict", result.verdict
    yield "reason", result.reason
    yield "baseline", result.base
    yield "candidate", result.head
    yield "loadbench", result.loadbench_version
    yield "command", join(result.command)
    for side, versions in (("baseline", result.base_versions), ("candidate", result.head_versions)):
        for package, version in versions.items():
            yield f"{side}.{package}", version
    for note in result.notes:
        yield "note", note


def _time(value: float) -> str:
    """Seconds with three decimals: strict readers take no more, and no exponent."""
    return f"{value:.3f}" if isfinite(value) and value > 0 else "0.000"


def _timestamp(started_at: str) -> dict[str, str]:
    """Without a zone, as strict readers want it; left out where it is no time."""
    try:
        return {"timestamp": datetime.fromisoformat(started_at).strftime("%Y-%m-%dT%H:%M:%S")}
    except ValueError:
        return {}
