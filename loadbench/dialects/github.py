"""A gate's result for GitHub Actions: annotations, which are lines on stdout, and the outputs of a step."""

from collections.abc import Iterator
from hashlib import sha256

from loadbench.dialects.words import Row, gravest_first, long_text, rows
from loadbench.gate.result import GateResult, Verdict

SHOWN = 9
"""GitHub shows ten annotations of a kind and drops all others in silence: the tenth says how many there are."""
_LEVELS: dict[Verdict, str] = {"INVALID": "error", "REGRESSION": "error", "INCONCLUSIVE": "warning", "PASS": "notice"}


def annotations(result: GateResult) -> str:
    """A line for each case that does not pass, the gravest first; one line where all do."""
    found = [row for row in gravest_first(rows(result)) if row.verdict != "PASS"]
    if not found:
        return _annotation("notice", "PASS", long_text(result.reason))
    lines = [text for level in ("error", "warning") for text in _level(level, found)]
    return "".join(lines)


def outputs(result: GateResult, report_path: str = "") -> str:
    """What `$GITHUB_OUTPUT` gets: `steps.ID.outputs.verdict` and `.report_path`."""
    return _output("verdict", result.verdict) + _output("report_path", report_path)


def _level(level: str, found: list[Row]) -> Iterator[str]:
    of_it = [row for row in found if _LEVELS[row.verdict] == level]
    for row in of_it[:SHOWN]:
        yield _annotation(level, row.verdict, f"{row.name}: {row.reason}")
    if len(of_it) > SHOWN:
        yield _annotation(level, "loadbench gate", f"and {len(of_it) - SHOWN} more, see the summary")


def _annotation(level: str, title: str, message: str) -> str:
    return f"::{level} title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    """The runner undoes this; the per cent sign has to come first."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _output(name: str, value: str) -> str:
    """A value that may have lines. The delimiter depends on it alone, and is nowhere in it."""
    delimiter = _digest(value)
    while delimiter in value:
        delimiter = _digest(delimiter + value)
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _digest(text: str) -> str:
    return f"loadbench-{sha256(text.encode(errors='surrogatepass')).hexdigest()[:32]}"
