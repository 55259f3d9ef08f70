"""Runs kept by name and machine, to gate later ones against: `DIRECTORY/MACHINE/NAME/run.json` and `trials.jsonl`.

A baseline is a copy: the run that it was made from can be deleted. Only what would pass a gate by itself becomes one.
"""

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from pydantic import ValidationError

from loadbench.analysis.statistics import SMALLEST_SAMPLE
from loadbench.errors import ResultsError, StoreError, UsageError, unknown_name
from loadbench.gate.measured_run import MeasuredRun, measured_run
from loadbench.gate.result import GateResult
from loadbench.store import BASELINES, RUN_FILE, TRIALS_FILE, make_directory, read_run

GATE_FILE = "gate.json"
DIRECTORY = Path("results") / BASELINES
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILES = (RUN_FILE, TRIALS_FILE)
_UNFINISHED = ".unfinished-"
_REPLACED = ".replaced-"


@dataclass(frozen=True)
class Baseline:
    """A kept run, or why it cannot be read."""

    name: str
    machine: str
    path: Path
    run: MeasuredRun | None
    problem: str = ""


def save(run: Path, name: str, directory: Path, *, force: bool = False) -> Path:
    """Keep a run under a name for its machine; where it lies. A run that decides nothing is refused.

    A crash at any instant leaves the old baseline or the new one under the name, or, between two renames, none.
    """
    check_name(name)
    _passed_its_gates(run)
    original = measured_run(read_run(run))
    _fit(original)
    place = directory / machine_name(original.run.sessions[0].environment.get("machine.id")) / name
    if place.exists() and not force:
        raise UsageError(f"{place} is there already. Replace it with --force, or choose another name.")
    make_directory(place.parent)
    try:
        part = Path(mkdtemp(prefix=_UNFINISHED, dir=place.parent))
        try:
            for file in _FILES:
                _copy(run / file, part / file)
            if read_run(part).records != original.stored.records:
                raise StoreError(f"{run} changed while it was copied. Wait until nothing writes to it.")
            part.chmod(0o755)
            _put(part, place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise StoreError(
            f"Cannot keep {run} as {place}: {error.strerror}. Make room, or name another place with --baselines."
        ) from error
    return place


def saved(directory: Path) -> list[Baseline]:
    """All baselines, by name and machine. What cannot be read is among them, with the reason."""
    try:
        places = [
            place for place in directory.glob("*/*") if (place / RUN_FILE).exists() and _NAME.fullmatch(place.name)
        ]
    except OSError as error:
        raise StoreError(f"Cannot read {directory}: {error.strerror}. Name another place with --baselines.") from error
    return sorted((_read(place) for place in places), key=lambda one: (one.name, one.machine))


def find(name: str, machine: str, directory: Path) -> Baseline:
    """A baseline by its name: of this machine if it has one, else the only one of that name."""
    check_name(name)
    here = directory / machine_name(machine) / name
    places = [here] if (here / RUN_FILE).exists() else sorted(directory.glob(f"*/{name}"))
    if not places:
        names = {place.name for place in directory.glob("*/*") if _NAME.fullmatch(place.name)}
        raise unknown_name("baseline", name, names, str(directory))
    if len(places) > 1:
        machines = ", ".join(place.parent.name for place in places)
        raise UsageError(f"{name} is kept for several machines, and none is {machine}: {machines}. Name its directory.")
    found = _read(places[0])
    if found.run is None:
        raise StoreError(found.problem)
    return found


def check_name(name: str) -> None:
    """A name is one part of a path and nothing else."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' is no name for a baseline: letters, digits, points, hyphens and underscores, the first one a "
            "letter or a digit, 64 at most."
        )


def machine_name(machine: object) -> str:
    """The directory of a machine's baselines. Its id comes from a file that anybody can write."""
    text = str(machine)
    return text if machine is not None and _NAME.fullmatch(text) else "unknown-machine"


def _read(place: Path) -> Baseline:
    try:
        run = measured_run(read_run(place))
    except (StoreError, UsageError) as error:
        return Baseline(place.name, place.parent.name, place, None, str(error))
    return Baseline(place.name, place.parent.name, place, run)


def _passed_its_gates(run: Path) -> None:
    """A gate writes its result into the run, or beside the two runs that it measured."""
    for place in (run / GATE_FILE, run.resolve().parent / GATE_FILE):
        try:
            found = GateResult.model_validate_json(place.read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"Cannot read {place}: {error.strerror}.") from error
        except ValidationError as error:
            raise StoreError(f"{place} is not what a gate wrote. Put it back as it was, or remove it.") from error
        if found.verdict != "PASS":
            raise ResultsError(f"{run} is no baseline: its gate says {found.verdict} ({place}): {found.reason}.")


def _fit(run: MeasuredRun) -> None:
    """An error where the run could not stand for what the machine and the loaders can do."""
    doubts = [*run.stored.warnings[:1], run.disorder(), run.mixture()]
    if not run.contestants:
        doubts.append("it has no case but ceilings")
    for summary in run.contestants.values():
        n = summary.measured.n if summary.measured else 0
        few = f"{n or 'no'} trial{'' if n < 2 else 's'} that count{'s' if n < 2 else ''}: fewer than {SMALLEST_SAMPLE}"
        why = run.trouble("it", summary) or (few if n < SMALLEST_SAMPLE else run.incomplete(summary))
        doubts += [f"{summary.case.name}: {why}"] if why else []
    why = next((doubt for doubt in doubts if doubt), "")
    if why:
        raise ResultsError(
            f"{run.stored.path} is no baseline: {why.removeprefix('it ')}. Sweep again, and keep that run."
        )


def _copy(source: Path, target: Path) -> None:
    """Copy a file, and have it on disk."""
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _put(part: Path, place: Path) -> None:
    """Rename a whole directory to its place. What was there comes back if that fails."""
    old = place.with_name(f"{_REPLACED}{place.name}")
    shutil.rmtree(old, ignore_errors=True)
    there = place.exists()
    if there:
        place.rename(old)
    try:
        part.rename(place)
    except OSError:
        if there:
            old.rename(place)
        raise
    with suppress(OSError):
        shutil.rmtree(old)
