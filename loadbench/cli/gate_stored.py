"""`loadbench gate --run`: a run that lies on disk, against what was kept of earlier ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadbench.gate.measured_run import MeasuredRun
    from loadbench.gate.result import GateResult, Rules


def gate_stored_command(
    run: Path,
    *,
    history: Path | None = None,
    baseline: str | None = None,
    reference: str | None = None,
    maximum: Sequence[str] = (),
    minimum: Sequence[str] = (),
    any_machine: bool = False,
    baselines: Path = Path("results/baselines"),
    rules: "Rules | None" = None,
    command: Sequence[str] = (),
) -> "GateResult":
    """The verdict on a stored run. Nothing is printed and nothing written.

    `history` is a folder of runs, `baseline` a run or the name of a kept one, `reference` a loader that both have,
    `maximum` and `minimum` are limits such as `load<4s` and `ceiling>0.8`.
    """
    from loadbench.gate.limits import parse_limit
    from loadbench.gate.measured_run import measured_run
    from loadbench.gate.result import Rules
    from loadbench.gate.stored_gate import Asked, gate_stored
    from loadbench.store import find_runs, read_run

    limits = [*(parse_limit(text, "--max") for text in maximum), *(parse_limit(text, "--min") for text in minimum)]
    head = measured_run(read_run(run))
    past, unreadable = _read_all(find_runs(history)) if history is not None else (None, [])
    base = _baseline(baseline, head, baselines) if baseline is not None else None
    asked = Asked(past, base, reference, limits, any_machine)
    result = gate_stored(head, asked, rules or Rules(), command)
    notes = [f"left out of the history: {why}" for why in unreadable]
    return result.model_copy(update={"notes": [*result.notes, *notes]})


def _baseline(text: str, head: "MeasuredRun", directory: Path) -> "MeasuredRun":
    """A run's directory, or the name of a kept run."""
    from loadbench.gate.baselines import find
    from loadbench.gate.measured_run import measured_run
    from loadbench.store import has_run, read_run

    if "/" in text or has_run(Path(text)):
        return measured_run(read_run(Path(text)))
    found = find(text, str(head.run.sessions[0].environment.get("machine.id")), directory)
    assert found.run is not None, "one that cannot be read is an error"
    return found.run


def _read_all(paths: Sequence[Path]) -> "tuple[list[MeasuredRun], list[str]]":
    """The runs of a folder, and why some cannot be read."""
    from loadbench.errors import StoreError, UsageError
    from loadbench.gate.measured_run import measured_run
    from loadbench.store import read_run

    runs: list[MeasuredRun] = []
    unreadable = []
    for path in paths:
        try:
            runs.append(measured_run(read_run(path)))
        except (StoreError, UsageError) as error:
            unreadable.append(str(error))
    return runs, unreadable
