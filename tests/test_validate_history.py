"""The check of the history gate and of steps: that its table is whole and the same for a seed."""

import subprocess
import sys
from pathlib import Path

from tests.gate.stored_runs import MMAP, NOGDS, measured, write

SCRIPT = Path(__file__).parent.parent / "scripts" / "validate_history.py"


def table(*arguments: str | Path) -> list[str]:
    done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_command_prints_tables(tmp_path: Path) -> None:
    runs = [write(tmp_path / f"{day}", measured(day, (MMAP, 500), (NOGDS, 300)).stored) for day in (1, 2)]
    first, second = (table(*runs, "--replicates", "12", "--seed", "3") for _ in range(2))
    assert first == second, "the seed decides"
    assert first[0] == "| Check | Setting | Share | Wanted | |"
    assert all(line.count("|") == 6 for line in first if line)
    assert "| reference safetensors-mmap: a REGRESSION | 2 pairs of runs | 0.0 % | ≤ 5 % |  |" in first


def test_a_directory_without_a_run_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run.json" in done.stderr
    assert "Traceback" not in done.stderr
