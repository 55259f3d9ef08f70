"""The words of a projection: places, marks, footnotes, and the warnings on what falls together in a cell."""

from collections.abc import Iterable, Mapping, Sequence

from loadbench.analysis.filter import value_text
from loadbench.analysis.keys import NOT_APPLICABLE
from loadbench.analysis.layout import TUNABLES, Place
from loadbench.analysis.notes import faster_than_ceiling, not_counted_text
from loadbench.analysis.projection import Grid
from loadbench.analysis.projection_cells import Cell
from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.records import Value
from loadbench.report.text import count, short

SEVERAL, TOGETHER, DOUBT, UNLIKE, LEVEL = "*", "+", "?", "!", "~"


def place_text(keys: Sequence[str], place: Place) -> str:
    """A place on one line: `loader=tensorizer threads=8`."""
    return " ".join(
        shown_value(value) if key == TUNABLES else f"{short(key)}={shown_value(value)}"
        for key, value in zip(keys, place, strict=True)
    )


def shown_value(value: Value) -> str:
    """A value as a reader sees it."""
    return short(value_text(value))


def differing_text(differing: Iterable[tuple[str, Sequence[Value]]], most: int = 4) -> str:
    """`threads (8, 16, 32) and buffer (8M, 16M)`."""
    texts = []
    for key, values in differing:
        more = ", …" if len(values) > most else ""
        texts.append(f"{short(key)} ({', '.join(short(value_text(value), 40) for value in values[:most])}{more})")
    return " and ".join(([", ".join(texts[:-1])] if texts[1:] else []) + texts[-1:])


def in_doubt(cell: Cell) -> bool:
    """Whether the run's own report holds something against the figure."""
    its = cell.measured
    if its is None:
        return False
    whole = its is cell.shown[0].summary.measured
    unsteady = whole and its.trend is not None and its.trend.unsteady
    proved = its.cache_verified and its.bytes_verified and not its.differing
    return unsteady or not proved or (whole and faster_than_ceiling(cell.shown[0].summary))


def marks(cell: Cell) -> str:
    """What a reader must know beside the time."""
    stands_for = {SEVERAL: cell.cases > 1, TOGETHER: bool(cell.mixed), DOUBT: in_doubt(cell)}
    return "".join(mark for mark, stands in stands_for.items() if stands)


def why_none(cell: Cell | None) -> str:
    """Why there is no figure: `none: 6 failed`; empty where there is no such case."""
    if cell is None:
        return ""
    return f"none: {not_counted_text(cell.shown[0].summary) or 'not tried yet'}"


def footnotes(
    grid: Grid, columns: Sequence[Place], shown: Sequence[Place], heads: Mapping[Place, str]
) -> Iterable[str]:
    """What the marks mean, for those that stand in the table, and the rows that are not in it."""
    where = [(row, column) for row in shown for column in columns]
    cells = [cell for place in where if (cell := grid.cells.get(place)) and cell.measured]
    ratios = [cell for place in where if place[1] != columns[0] and (cell := grid.cells.get(place)) and cell.versus]
    if ratios:
        yield f"×: time over that of {heads[columns[0]]}, with the 95 % interval of that pair."
    if any(cell.told_apart is False for cell in ratios):
        yield f"{LEVEL} not told apart at 5 % (exact two-sided Mann-Whitney, Holm over the comparisons of the column)."
    if any(cell.told_apart is None for cell in ratios):
        yield "(…) not tested: too few trials to tell anything apart, by themselves or among so many comparisons."
    if any(cell.measured and cell.measured.interval.kind == "range" for cell in cells):
        yield f"† smallest and largest of fewer than {SMALLEST_SAMPLE} trials: not an interval of the median."
    if ratios and grid.across_runs:
        yield (
            "These ratios are between runs: other times, perhaps other machines, and the interval knows nothing of "
            "that. What is to be trusted is tried in one run, A and B in every round."
        )
    notes = {
        SEVERAL: "the fastest of several cases: partly luck, and a ratio to it likewise.",
        TOGETHER: "trials of several runs or sessions together: the interval takes them for those of one.",
        DOUBT: "in doubt: UNSTEADY over its run, faster than the ceiling, or something not verified. The run's own "
        "report has the notes.",
    }
    yield from (f"{mark} {note}" for mark, note in notes.items() if any(mark in marks(cell) for cell in cells))
    if any(cell.unlike for cell in ratios):
        yield f"{UNLIKE} not the same case as in the first column: the ratio is not that of the columns alone."
    if columns[1:2] == grid.columns[1:2]:
        yield from _without_figure(grid)


def residue_warnings(grids: Sequence[Grid]) -> tuple[str, ...]:
    """What falls together in a cell or is held against each other, though it differs in what the grid does not show."""
    cells = [cell for grid in grids for cell in grid.cells.values() if cell.measured]
    several = [cell for cell in cells if cell.cases > 1]
    together = [cell for cell in cells if cell.mixed]
    unlike = [cell for cell in cells if cell.unlike]
    found = []
    if several:
        keys = _merged(cell.residue for cell in several)
        choices = [f"{short(key)}={quoted(value)}" for key, several in keys.items() for value in several]
        example = next((f"--filter {text}" for text in choices[::-1] if not text.endswith(NOT_APPLICABLE)), "--filter")
        found.append(
            f"{_cells(several)} several cases, of which the fastest is shown: they differ in "
            f"{differing_text(keys.items())}. Add {_keys(keys)} to --rows or --cols, or take one by {example}"
        )
    if together:
        keys = _merged(cell.mixed for cell in together)
        found.append(
            f"{_cells(together)} trials that differ in {differing_text(keys.items())}, taken together. "
            f"Add {'run' if 'run' in keys else _keys(keys)} to --rows or --cols"
        )
    if unlike:
        unshown = dict.fromkeys(key for cell in unlike for key in cell.unlike)
        found.append(
            f"{'1 ratio is' if len(unlike) == 1 else f'{len(unlike):,} ratios are'} between different cases: they "
            f"differ in {_keys(unshown)}, which is no row and no column"
        )
    return tuple(found)


def confounded_text(grid: Grid) -> str:
    """In what else the columns differ; empty if in nothing that is known."""
    return f"The columns also differ in {differing_text(grid.confounded.items())}." if grid.confounded else ""


def quoted(value: Value) -> str:
    """A value as a filter takes it."""
    text = value_text(value)
    return text if text and not set(text) & set(" ,\"'=!<>~") else f"'{text}'"


def _cells(cells: Sequence[Cell]) -> str:
    return "1 cell holds" if len(cells) == 1 else f"{len(cells):,} cells hold"


def _keys(keys: Iterable[str]) -> str:
    names = [short(key) for key in keys]
    return " and ".join(([", ".join(names[:-1])] if names[1:] else []) + names[-1:])


def _merged(several: Iterable[Mapping[str, Sequence[Value]]]) -> dict[str, tuple[Value, ...]]:
    values: dict[str, dict[Value, None]] = {}
    for one in several:
        for key, own in one.items():
            values.setdefault(key, {}).update(dict.fromkeys(own))
    return {key: tuple(own) for key, own in values.items()}


def _without_figure(grid: Grid) -> Iterable[str]:
    """The rows without a figure in any column, by the first key of the row."""
    with_figure = {row for (row, _), cell in grid.cells.items() if cell.measured}
    missing: dict[tuple[str, str], int] = {}
    for row in grid.rows:
        if row not in with_figure:
            why = shown_value(row[0]), _reason(grid, row)
            missing[why] = missing.get(why, 0) + 1
    if missing:
        rows = {number: f"{count(number, 'row')}, " if number > 1 else "" for number in missing.values()}
        yield f"No figure: {', '.join(f'{name} ({rows[number]}{why})' for (name, why), number in missing.items())}."


def _reason(grid: Grid, row: Place) -> str:
    found = [why_none(grid.cells[row, column]) for column in grid.columns if (row, column) in grid.cells]
    return found[0].removeprefix("none: ")
