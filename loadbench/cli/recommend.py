"""`loadbench recommend`: what to use here, with what to paste."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

if TYPE_CHECKING:
    from loadbench.report.advice import Advice
    from loadbench.report.findings import Findings

    Advised = list[tuple[Findings, tuple[Advice, ...]]]

Format = Literal["terminal", "markdown", "json"]


def recommend(
    results: Annotated[Path, typer.Argument(help="A run, or a folder of runs.")] = Path("results"),
    format: Annotated[Format, typer.Option(help="terminal is for reading, the others for files and programs.")] = (
        "terminal"
    ),
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the standard output.")] = None,
) -> None:
    """Say which loader and settings to use, how sure that is, and what to paste: vLLM, SGLang, Python.

    For each checkpoint, cache state, device, contract and dtype it is the cheapest case of those that cannot be told
    from the fastest. A run that decides nothing gives no recommendation, and the exit code 3.

    Example: loadbench recommend results/gpt2 --format markdown --output recommendation.md
    """
    from loadbench.cli.report_places import check_read, read_runs, warn_of_runs
    from loadbench.cli.report_write import put
    from loadbench.errors import ResultsError
    from loadbench.report.advice import advise, refusals
    from loadbench.report.text import short, visible

    runs, unreadable = read_runs([results])
    warn_of_runs(runs)
    advised = [(findings, advise(findings)) for findings in runs]
    put(output, lambda file: _write(advised, format, file))
    check_read("a run", unreadable)
    refused = [
        f"{visible(short(findings.stored.run.name))}: {visible(refusal)}"
        for findings, advice in advised
        for refusal in refusals(advice)
    ]
    if refused or not any(advice for _, advice in advised):
        total = sum(len(advice) for _, advice in advised)
        first = f" {refused[0]}." if refused else " There is no case."
        more = f" {len(refused) - 1} more above." if refused[1:] else ""
        what_now = "Measure again: on a quiet machine, with --rounds 20 (see loadbench report for what did not count)."
        raise ResultsError(f"No recommendation for {len(refused)} of {total} conditions.{first}{more} {what_now}")


def _write(advised: "Advised", format: Format, file: TextIO) -> None:
    from loadbench.report.markdown import markdown
    from loadbench.report.recommendation import recommendation_document
    from loadbench.report.recommendation_json import recommendations_json
    from loadbench.report.terminal import print_documents

    if format == "json":
        file.write(recommendations_json(advised))
        return
    documents = [recommendation_document(findings, advice) for findings, advice in advised]
    if format == "markdown":
        file.write("\n".join(map(markdown, documents)))
    else:
        print_documents(documents, file)
