"""The output of `loadbench report --rows --cols`, in any of the report's formats."""

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from loadbench.report.projection import Projection


def write_projection(found: "Projection", format: str, file: TextIO) -> None:
    """Write tables for people, or cells for programs."""
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
