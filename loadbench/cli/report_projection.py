"""`loadbench report --rows --cols --filter`: which cases a report is about, and side by side by which keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from loadbench.report.findings import Findings
    from loadbench.report.projection import Projection


def projected(runs: "Sequence[Findings]", rows: str | None, cols: str | None, filters: Sequence[str]) -> "Projection":
    """The runs' cases by these keys."""
    from loadbench.errors import UsageError
    from loadbench.report.projection import projection
    from loadbench.report.selection import all_points, checked_keys, parsed_filters, select

    terms = parsed_filters(filters)
    points = all_points(runs)
    row_keys = checked_keys(rows, "--rows", points) if rows is not None else ()
    col_keys = checked_keys(cols, "--cols", points) if cols is not None else ()
    for key in row_keys:
        if key in col_keys:
            raise UsageError(f"{key} stands in --rows and in --cols. Name it in one of them.")
    return projection(runs, select(points, terms), row_keys, col_keys, " ".join(filters))


def only(runs: "Sequence[Findings]", filters: Sequence[str]) -> "list[Findings]":
    """The runs with the cases that the filters leave, without the runs that have none."""
    from loadbench.report.selection import all_points, filtered, parsed_filters, select

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


def write_projection(found: "Projection", format: str, file: TextIO) -> None:
    """In any of the report's formats."""
    from loadbench.report.markdown import markdown
    from loadbench.report.projection import projection_document
    from loadbench.report.projection_data import projection_csv, projection_json
    from loadbench.report.terminal import print_documents

    if format == "json":
        file.write(projection_json(found))
    elif format == "csv":
        file.write(projection_csv(found))
    elif format == "markdown":
        file.write(markdown(projection_document(found)))
    else:
        print_documents([projection_document(found)], file)
