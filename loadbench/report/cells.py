"""The cells that describe one case: its settings and its figures."""

from collections.abc import Mapping, Sequence

from loadbench.analysis.summary import CaseSummary
from loadbench.records import Case, LoaderInfo, Value
from loadbench.report.tables import Column
from loadbench.report.text import NO_FIGURE, percent, rate, seconds, seconds_range, short, value_text

FIGURES = (
    Column("GB/s", "right"),
    Column("GiB/s", "right"),
    Column("Elapsed (s)", "right"),
    Column("95 % interval (s)", "right"),
    Column("n", "right"),
    Column("Cache"),
    Column("Of ceiling", "right"),
)
"""The columns that `figures` fills."""

UNSET_MARK = "‡"
UNSET_NOTE = f"{UNSET_MARK} not set by the sweep: what the loader says that it used, else the library's default."
RANGE_NOTE = "† smallest and largest of fewer than 6 trials: not an interval of the median."

STORAGE_MARK = "§"
STORAGE_NOTE = f"{STORAGE_MARK} of the storage ceiling, though warm: it reads past the page cache."
USUAL = {"device": "cpu", "contract": "owned", "dtype": "auto"}
"""Conditions that go without saying."""

Loaders = Mapping[str, LoaderInfo]


def figures(summary: CaseSummary) -> tuple[str, ...]:
    """The cells below `FIGURES`."""
    measured = summary.measured
    if measured is None:
        return (NO_FIGURE, NO_FIGURE, NO_FIGURE, NO_FIGURE, "0", NO_FIGURE, NO_FIGURE)
    spread = measured.interval
    return (
        rate(measured.gb_per_s),
        rate(measured.gib_per_s),
        seconds(measured.median_ns),
        NO_FIGURE if spread.kind == "single" else seconds_range(spread.low, spread.high) + _range_mark(summary),
        str(measured.n),
        measured.cache,
        percent(summary.ceiling_share) + _storage_mark(summary),
    )


def figure_notes(summaries: Sequence[CaseSummary]) -> tuple[str, ...]:
    """The footnotes that the cells of these cases call for."""
    marks = {RANGE_NOTE: _range_mark, STORAGE_NOTE: _storage_mark}
    return tuple(note for note, mark in marks.items() if any(mark(summary) for summary in summaries))


def _range_mark(summary: CaseSummary) -> str:
    return "†" if summary.measured and summary.measured.interval.kind == "range" else ""


def _storage_mark(summary: CaseSummary) -> str:
    from_storage = summary.bounds and any(bound.stage == "storage" for bound in summary.bounds.stages)
    return STORAGE_MARK if summary.case.cache == "warm" and from_storage else ""


def loader_text(summary: CaseSummary) -> str:
    """The loader's name, a ceiling marked as one."""
    return short(summary.case.loader) + (" (ceiling)" if summary.is_ceiling else "")


def set_tunables(case: Case, loaders: Loaders, leave_out: Sequence[str] = ()) -> str:
    """The tunables that the sweep set, as `threads=8 buffer=8M`; empty if it set none."""
    return " ".join(
        f"{short(name)}={tunable_text(name, value, case, loaders)}"
        for name, value in sorted(case.tunables.items())
        if name not in leave_out
    )


def tunable_cell(name: str, summary: CaseSummary, loaders: Loaders) -> str:
    """One tunable's value: as set, else as used or the default with a mark, else N/A."""
    case = summary.case
    if name in case.tunables:
        return tunable_text(name, case.tunables[name], case, loaders)
    used = _used_unset(summary)
    if name in used:
        return f"{tunable_text(name, used[name], case, loaders)}{UNSET_MARK}"
    info = loaders.get(case.loader)
    defaults = {tunable.name: tunable.default for tunable in info.tunables} if info else {}
    return f"{tunable_text(name, defaults[name], case, loaders)}{UNSET_MARK}" if name in defaults else "N/A"


def config_cell(summary: CaseSummary, loaders: Loaders, leave_out: Sequence[str]) -> str:
    """The conditions that are not the usual ones, then the settings: set by the sweep, then used unset with a mark."""
    case = summary.case
    conditions = {"device": case.device, "contract": case.contract, "dtype": case.dtype}
    parts = [f"{name}={short(value)}" for name, value in conditions.items() if value != USUAL[name]]
    parts.append(set_tunables(case, loaders, leave_out))
    parts += [
        f"{short(name)}={tunable_text(name, value, case, loaders)}{UNSET_MARK}"
        for name, value in sorted(_used_unset(summary).items())
        if name not in leave_out
    ]
    return " ".join(part for part in parts if part)


def used_throughout(summaries: Sequence[CaseSummary], leave_out: Sequence[str]) -> dict[str, Value]:
    """Settings that the sweep did not set and that all these cases with a figure used alike."""
    used = [_used_unset(summary) for summary in summaries if summary.measured]
    first = used[0] if used else {}
    return {
        name: value
        for name, value in sorted(first.items())
        if name not in leave_out and all(name in other and other[name] == value for other in used)
    }


def case_text(case: Case, loaders: Loaders) -> str:
    """A whole case on one line."""
    conditions = (case.loader, case.checkpoint, case.cache, case.device, case.contract)
    parts = [short(part) for part in conditions]
    if case.dtype != "auto":
        parts.append(f"dtype={short(case.dtype)}")
    return " ".join([*parts, set_tunables(case, loaders)]).strip()


def _used_unset(summary: CaseSummary) -> dict[str, Value]:
    """Settings in effect that the sweep did not set."""
    settings = summary.measured.settings if summary.measured else {}
    return {name: value for name, value in settings.items() if name not in summary.case.tunables}


def tunable_text(name: str, value: Value, case: Case, loaders: Loaders) -> str:
    """A value of a tunable in the unit that its loader declares."""
    info = loaders.get(case.loader)
    units = {tunable.name: tunable.unit for tunable in info.tunables} if info else {}
    return value_text(value, units.get(name, ""))
