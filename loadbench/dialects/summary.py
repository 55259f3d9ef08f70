"""A gate's result as the summary of a GitHub Actions step: Markdown that is never too large to be shown."""

import re
from collections.abc import Iterator, Sequence
from shlex import join

from loadbench.dialects.words import Row, gravest_first, long_text, median_text, ratio_text, rows
from loadbench.gate.result import CaseResult, GateResult
from loadbench.report.markdown import inline
from loadbench.report.text import NO_FIGURE, visible
from loadbench.units import KIB, human_duration

MOST = 900 * KIB
"""Bytes. GitHub shows nothing at all of a summary above 1024 KiB."""
_COLUMNS = ("Case", "Base (s)", "Head (s)", "Head / base [95 % interval]", "Verdict", "n", "Cache")
_RULE = "|---|---:|---:|---|---|---:|---|"
_COMMANDS = 9


def summary(result: GateResult, most: int = MOST) -> str:
    """The whole summary in at most so many bytes. Rows are left out, the last ones first, with a word on how many.

    Verdict, failed cases, all cases, environment, and how to try it again. Where not even the frame fits, only the
    verdict is left, and nothing where that does not fit either.
    """
    found = gravest_first(rows(result))
    verdict = f"## {result.verdict}: {inline(long_text(result.reason))}"
    end = "\n\n".join(part for part in (_environment(result), _again(result, found)) if part)
    frame = f"{_failed_part(found, 0)}\n\n{_table_part(found, 0)}"
    room = most - _size(f"{verdict}\n\n{frame}\n\n{end}\n")
    if room < 0:
        return f"{verdict}\n" if _size(f"{verdict}\n") <= most else ""
    failed = _fitting([_failed_line(row) for row in _not_passed(found)], room // 2)
    used = sum(_size(line) + 1 for line in [_failed_line(row) for row in _not_passed(found)][:failed])
    shown = _fitting([_table_line(row) for row in found], room - used)
    parts = (verdict, _failed_part(found, failed), _table_part(found, shown), end)
    return "\n\n".join(part for part in parts if part) + "\n"


def _fitting(lines: Sequence[str], room: int) -> int:
    """How many of the lines fit."""
    for number, line in enumerate(lines):
        room -= _size(line) + 1
        if room < 0:
            return number
    return len(lines)


def _size(text: str) -> int:
    return len(text.encode())


def _not_passed(found: Sequence[Row]) -> list[Row]:
    return [row for row in found if row.verdict != "PASS"]


def _failed_part(found: Sequence[Row], shown: int) -> str:
    rows = _not_passed(found)
    lines = [_failed_line(row) for row in rows[:shown]]
    return "\n".join([*lines, *_left_out(len(rows) - shown, "- ")])


def _failed_line(row: Row) -> str:
    return f"- **{row.verdict}** {inline(row.name)}: {inline(row.reason)}"


def _table_part(found: Sequence[Row], shown: int) -> str:
    lines = [f"| {' | '.join(_COLUMNS)} |", _RULE, *(_table_line(row) for row in found[:shown])]
    return "\n".join([*lines, *_left_out(len(found) - shown, "\n")])


def _table_line(row: Row) -> str:
    cells = [row.name, *_figures(row.case), row.verdict]
    cells += [_count(row.case), row.case.cache] if row.case else [NO_FIGURE, NO_FIGURE]
    return f"| {' | '.join(inline(long_text(cell)) for cell in cells)} |"


def _figures(case: CaseResult | None) -> tuple[str, str, str]:
    if case is None:
        return (NO_FIGURE, NO_FIGURE, NO_FIGURE)
    return (median_text(case.base_ns), median_text(case.head_ns), ratio_text(case))


def _count(case: CaseResult) -> str:
    """`8`, or `8+7` where the sides differ."""
    base, head = len(case.base_ns), len(case.head_ns)
    return str(head) if base in (head, 0) else f"{base}+{head}"


def _left_out(number: int, before: str) -> Iterator[str]:
    if number > 0:
        yield f"{before}{number} more of these do not fit in here: the report and the JUnit file have them all."


def _environment(result: GateResult) -> str:
    sides = (("Baseline", result.base, result.base_versions), ("Candidate", result.head, result.head_versions))
    facts = [(label, f"{name}{_versions(versions)}") for label, name, versions in sides]
    rules = result.rules
    facts.append(("Allowed", f"{100 * rules.margin:g} % slower; a slowdown of {100 * rules.detect:g} % must be found"))
    facts.append(("loadbench", f"{result.loadbench_version}, {human_duration(max(0.0, result.seconds))}"))
    facts += [("Note", note) for note in result.notes[:_COMMANDS]]
    return "\n".join(f"- **{label}:** {inline(long_text(text))}" for label, text in facts)


def _versions(versions: dict[str, str]) -> str:
    return f" ({', '.join(f'{package} {version}' for package, version in versions.items())})" if versions else ""


def _again(result: GateResult, found: Sequence[Row]) -> str:
    """The command of the gate, and those of the first cases that did not pass."""
    commands = [join(result.command)] if result.command else []
    commands += [row.case.command for row in _not_passed(found)[:_COMMANDS] if row.case and row.case.command]
    return f"Try it again:\n\n{_code([long_text(command) for command in commands])}" if commands else ""


def _code(lines: Sequence[str]) -> str:
    """A fenced block. Its fence is longer than any run of backticks in it."""
    text = "\n".join(visible(line) for line in lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}sh\n{text}\n{fence}"
