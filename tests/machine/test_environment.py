import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.machine.environment import collect, machine_id
from loadbench.machine.environment_gpu import parse_nvidia_smi, parse_rocm_smi
from loadbench.machine.environment_software import git_facts, variable_facts
from loadbench.units import MIB

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def test_facts_are_flat_json_with_units_and_no_empty_ones(tmp_path: Path) -> None:
    facts = collect({"checkpoint": tmp_path, "results": tmp_path / "not" / "yet"})
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert None not in facts.values()
    assert facts["host.name"] == socket.gethostname()
    assert facts["machine.boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert facts["cpu.threads"] == os.cpu_count()
    assert facts["cpu.allowed_threads"] == len(os.sched_getaffinity(0))
    assert facts["python.version"] == sys.version.split()[0]
    assert facts["storage.checkpoint.file_system"] == facts["storage.results.file_system"]
    for key in ("os.kernel", "cpu.model", "memory.total_bytes", "memory.available_bytes", "limit.open_files",
                "version.torch", "version.safetensors", "version.loadbench", "load.average_1min"):  # fmt: skip
        assert key in facts


def test_nothing_is_imported_that_would_touch_a_gpu_and_no_secret_gets_in(tmp_path: Path) -> None:
    program = (
        "import json, sys; from pathlib import Path; from loadbench.machine.environment import collect;"
        "facts = collect({'here': Path.cwd()}); print(json.dumps(facts));"
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'safetensors', 'tensorizer')))"
    )
    environment = {
        **os.environ,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "HF_TOKEN": "hf_abcdefghijklmnopqrstuvwxyz012345",
        "PYTORCH_SOMETHING": f"x{SECRET}",
        "RUNAI_STREAMER_S3_ENDPOINT": "https://me:opensesame@host:9000",
        "RUNAI_STREAMER_CONCURRENCY": "16",
        "UNRELATED": "unrelated-value",
    }
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, text=True)
    assert done.returncode == 0, done.stderr
    for leaked in (SECRET, "hf_abc", "opensesame", "unrelated-value"):
        assert leaked not in done.stdout
    facts = json.loads(done.stdout)
    assert facts["env.RUNAI_STREAMER_CONCURRENCY"] == "16"
    assert facts["env.PYTORCH_SOMETHING"] == "x***"
    assert facts["env.RUNAI_STREAMER_S3_ENDPOINT"] == "https://***@host:9000"


def test_the_machine_id_is_stable_and_not_the_raw_one() -> None:
    assert machine_id() == machine_id()
    raw = Path("/etc/machine-id")
    if raw.exists() and raw.read_text().strip():
        assert machine_id() not in raw.read_text()
        assert raw.read_text().strip()[:16] not in machine_id()


def test_only_variables_that_change_loading_are_kept() -> None:
    environment = {"OMP_NUM_THREADS": "4", "MALLOC_ARENA_MAX": "2", "HOME": "/root", "LANG": "C", "XPYTORCH_X": "1"}
    assert variable_facts(environment) == {"env.MALLOC_ARENA_MAX": "2", "env.OMP_NUM_THREADS": "4"}


def test_git_state(tmp_path: Path) -> None:
    assert git_facts(tmp_path) == {}
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "a").write_text("1")
    subprocess.run([*git, "add", "a"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "a"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "untracked").touch()
    assert git_facts(tmp_path) == {"git.commit": commit, "git.dirty": False}
    (tmp_path / "a").write_text("2")
    assert git_facts(tmp_path) == {"git.commit": commit, "git.dirty": True}


def test_a_machine_without_git_has_no_git_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_facts(Path.cwd()) == {}


def test_nvidia_smi_answer() -> None:
    answer = "NVIDIA H100 80GB HBM3, 570.124.06, 81559, 5, 16\nNVIDIA X, 570.124.06, [N/A], [N/A], [N/A]\nbroken"
    assert parse_nvidia_smi(answer) == {
        "gpu.driver": "nvidia 570.124.06",
        "gpu.0.name": "NVIDIA H100 80GB HBM3",
        "gpu.0.memory_bytes": 81559 * MIB,
        "gpu.0.pcie": "gen 5 x16",
        "gpu.1.name": "NVIDIA X",
        "gpu.1.memory_bytes": None,
    }


def test_rocm_smi_answer() -> None:
    cards = {f"card{n}": {"Card series": f"MI{n}", "Card model": "0x74a1"} for n in (10, 2)}
    assert parse_rocm_smi(json.dumps(cards)) == ["MI2", "MI10"]
    assert parse_rocm_smi(json.dumps({"card0": {"Card Series": "MI300X"}})) == ["MI300X"]
    for nonsense in ("", "[]", "WARNING", '{"card0": 1}'):
        assert [name for name in parse_rocm_smi(nonsense) if name] == []
