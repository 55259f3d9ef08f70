"""Which cases of which runs a report is about: keys and filters held against what these runs know."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from loadbench.analysis.best import contests
from loadbench.analysis.filter import Term, parse_filter, read_number, same, value_text
from loadbench.analysis.keys import NOT_APPLICABLE, Point, known_keys, points, values_of
from loadbench.analysis.layout import TUNABLES
from loadbench.errors import UsageError, unknown_name
from loadbench.report.findings import Findings
from loadbench.report.knees import knees
from loadbench.report.resolution import resolutions
from loadbench.report.run_warnings import run_warnings
from loadbench.report.text import count, short, visible

_ORDERED = (">", ">=", "<", "<=")


def labels(runs: Sequence[Findings]) -> tuple[str, ...]:
    """The runs' names; with their places where two have the same one."""
    names = Counter(findings.stored.run.name for findings in runs)
    return tuple(
        name if names[name := findings.stored.run.name] == 1 else str(findings.stored.path) for findings in runs
    )


def all_points(runs: Sequence[Findings]) -> list[Point]:
    """The cases of all runs."""
    return [
        point
        for number, (label, findings) in enumerate(zip(labels(runs), runs, strict=True))
        for point in points(number, label, findings.stored.run, findings.summaries, findings.stored.records)
    ]


def checked_keys(text: str, option: str, found: Iterable[Point]) -> tuple[str, ...]:
    """The keys of a comma list, each of which these runs know."""
    keys = tuple(key.strip() for key in text.split(","))
    if not all(keys):
        raise UsageError(f"{option} '{visible(text)}' has an empty item. Write keys with single commas between them.")
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise UsageError(f"{option} '{visible(text)}' has {visible(key)} twice. Name it once.")
    every = list(found)
    known = {TUNABLES, *known_keys(every)}
    for key in keys:
        if key not in known:
            raise unknown_key(key, option, known, every)
    return keys


def parsed_filters(texts: Iterable[str]) -> tuple[Term, ...]:
    """The terms of all filters: every one must hold."""
    every = list(texts)
    places = ["--filter"] if len(every) == 1 else [f"--filter number {number}" for number, _ in enumerate(every, 1)]
    return tuple(term for text, place in zip(every, places, strict=True) for term in parse_filter(text, place))


def select(found: Sequence[Point], terms: Sequence[Term]) -> list[Point]:
    """The points for which all terms hold. A key or value that none of the runs has is an error, and so is no point."""
    known = known_keys(found)
    for term in terms:
        if term.key not in known:
            raise unknown_key(term.key, term.place, known, found)
        _check_values(term, values_of(found, term.key))
    kept = [point for point in found if all(term.holds(point.value(term.key)) for term in terms)]
    if not kept:
        cases = len({(point.run, point.summary.number) for point in found})
        raise UsageError(f"--filter leaves none of {count(cases, 'case')}: no case fulfils all its terms. Drop one.")
    return kept


def only(runs: Sequence[Findings], filters: Sequence[str]) -> list[Findings]:
    """The runs with the cases that the filters leave, without the runs that have none."""
    points = all_points(runs)
    kept = select(points, parsed_filters(filters))
    found = []
    for number, findings in enumerate(runs):
        own = [point for point in kept if point.run == number]
        cases = {point.summary.number for point in own}
        partly = len(own) < sum(point.run == number and point.summary.number in cases for point in points)
        if own:
            found.append(filtered(findings, own, " ".join(filters), partly=partly))
    return found


def filtered(findings: Findings, kept: Iterable[Point], expression: str, *, partly: bool) -> Findings:
    """The findings on some cases of a run. Their numbers and the ceilings stay as they are in the whole run.

    partly: a term left out some session of these cases. What is best is found again among the cases that are left.
    """
    points_kept = list(kept)
    numbers = {point.summary.number for point in points_kept}
    summaries = tuple(summary for summary in findings.summaries if summary.number in numbers)
    found = contests(summaries)
    every = count(len(findings.summaries), "case")
    note = f"only {len(summaries)} of {every}, by --filter {expression}: what is best is so among these"
    if partly:
        note += "; trials of these cases in sessions that the filter leaves out are in the figures too"
    return replace(
        findings,
        summaries=summaries,
        contests=found,
        knees=knees(found),
        resolutions=resolutions(summaries),
        warnings=(short(note), *warnings_on(findings, points_kept)),
    )


def warnings_on(findings: Findings, kept: Iterable[Point]) -> tuple[str, ...]:
    """What puts these cases of a run in doubt; that the machine drifted, as sentinels show, concerns every case."""
    numbers = {point.summary.number for point in kept}
    concerned = [one for one in findings.summaries if one.number in numbers or one.is_sentinel]
    return tuple(short(warning) for warning in run_warnings(findings.stored, concerned))


def unknown_key(key: str, where: str, known: Iterable[str], found: Sequence[Point]) -> UsageError:
    """The error for a key that these runs do not know. It leaves out `loader.tunable`, which is listed as `tunable`."""
    prefixes = tuple(f"{loader}." for loader in values_of(found, "loader"))
    names = [visible(short(name)) for name in known if not name.startswith(prefixes)]
    return unknown_name("key", visible(key), names, f"{where}, for these runs")


def _check_values(term: Term, values: Sequence[str | int | float | bool | None]) -> None:
    """A value that no case has is a slip of the pen: what it leaves out or in would be wrong without a word."""
    known = sorted({visible(short(value_text(value))) for value in values})
    if term.operator in ("=", "!="):
        for text in term.values:
            if text != NOT_APPLICABLE and not any(same(text, value) for value in values):
                raise unknown_name(
                    f"value of {visible(term.key)}", visible(text), known, f"{term.place}, for these runs"
                )
    if term.operator in _ORDERED and all(read_number(value_text(value)) is None for value in values):
        raise UsageError(
            f"{term.place}: {visible(term.key)} is no number in these runs ({', '.join(known)}). "
            "Use = or ~ with a regular expression."
        )
