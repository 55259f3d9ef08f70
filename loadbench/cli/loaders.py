"""`loadbench loaders`: every loader, what it can be set to, and whether it can run here."""

from typing import Annotated

import typer


def loaders(
    device: Annotated[str, typer.Option(help="Device to judge availability for: cpu, cuda:0, ...")] = "cpu",
    check: Annotated[
        str | None, typer.Option(metavar="NAME", help="Run the conformance kit against this loader instead.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """List the loaders: tunables with defaults and the library's own names, versions, availability.

    Example: loadbench loaders --check runai-streamer
    """
    from loadbench.loaders.devices import parse_device

    if check is not None:
        raise typer.Exit(_check(check, parse_device(device)))
    if json:
        _print_json(parse_device(device))
    else:
        _print_table(parse_device(device))


def _print_json(device: str) -> None:
    import json

    from loadbench.loaders import names
    from loadbench.sweep.description import describe_loader

    described = {name: describe_loader(name, device).model_dump() for name in names()}
    print(json.dumps(described, indent=1))


def _print_table(device: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from loadbench.loaders import names
    from loadbench.records import name_value
    from loadbench.sweep.description import describe_loader

    console = Console(highlight=False)
    for name in names():
        info = describe_loader(name, device)
        versions = ", ".join(f"{package} {version}" for package, version in info.versions.items()) or "no library"
        kind = " (ceiling)" if info.ceiling else ""
        state = f"cannot run on {device}: {info.unavailable}" if info.unavailable else f"runs on {device}"
        console.print(Text.assemble((name, "bold"), f"{kind}  {versions}"))
        console.print(Text(f"  {state}", style="yellow" if info.unavailable else "green"))
        table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim")
        for column in ("tunable", "default", "library's name", "what it does"):
            table.add_column(column)
        for tunable in info.tunables:
            row = (tunable.name, name_value(tunable.default), tunable.library_name, tunable.help)
            table.add_row(*(Text(cell) for cell in row))
        if info.tunables:
            console.print(table)
        console.print()


def _check(name: str, device: str) -> int:
    """Run the kit, print one line a check, and return the exit code: 0 if all hold."""
    from loadbench.sweep.conformance import check_loader

    failed, skipped = 0, 0
    for check in check_loader(name, device):
        mark = "skip" if check.skipped else "ok" if check.passed else "FAIL"
        print(f"{mark:4}  {check.name}" + (f": {check.detail}" if check.detail else ""), flush=True)
        failed += not (check.passed or check.skipped)
        skipped += check.skipped
    verdict = f"{failed} checks failed" if failed else "could not be checked" if skipped else "conforms"
    print(f"{name}: {verdict}")
    return 4 if failed else 3 if skipped else 0
