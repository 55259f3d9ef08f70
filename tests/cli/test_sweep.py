"""The sweep as a person runs it: conditions, isolation, bad input, what goes where."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.checkpoints.checkpoint import open_checkpoint
from loadbench.cli.sweep_run import measure_ceilings
from loadbench.machine.storage import describe_storage
from loadbench.store import read_run
from loadbench.sweep.options import SweepOptions
from tests.conftest import Loadbench


def test_all_contracts_dtypes_and_built_in_loaders(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = loadbench(
        "sweep", checkpoint, "--loader",
        "safetensors-mmap,safetensors-pread,fastsafetensors-nogds,fastsafetensors-gds,runai-streamer,tensorizer,raw-read",
        "--contract", "owned,stream,touched", "--dtype", "auto,F16", "--cache", "warm", "--rounds", "1", "--out", out,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    records = read_run(out).records
    loads = {(r.case.loader, r.case.contract, r.case.dtype): r for r in records if r.case.loader != "raw-read"}
    for (loader, contract, dtype), record in loads.items():
        possible = loader != "fastsafetensors-gds" and (
            contract != "touched" or (loader == "safetensors-mmap" and dtype == "auto")
        )
        assert record.status == ("ok" if possible else "skipped"), (record.case.name, record.reason)
        if possible:
            assert record.bytes
            floats = record.bytes.payload_bytes
            halved = (floats - 2 * 513) // 2 + 2 * 513  # one tensor of the checkpoint is BF16 already
            assert record.bytes.delivered_bytes == (floats if dtype == "auto" else halved)
    assert "cuda only" in loads["fastsafetensors-gds", "owned", "auto"].reason


def test_both_isolations_give_the_same_kind_of_record(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    for isolation in ("fork", "spawn"):
        out = tmp_path / isolation
        arguments = ("--loader", "fake", "--set", "fake.behaviour=look", "--cache", "warm", "--rounds", "2")
        assert loadbench("sweep", checkpoint, *arguments, "--isolation", isolation, "--out", out).returncode == 0
        stored = read_run(out)
        assert {record.isolation for record in stored.records} == {isolation}
        assert len({record.settings["pid"] for record in stored.records}) == 2, "every trial has its own process"
        assert all(record.settings["libraries"] == "" for record in stored.records)


def test_the_parent_never_imports_torch(checkpoint: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    code = (
        "import sys; from loadbench.cli import run; code = run(sys.argv[1:]);"
        "heavy = {'torch', 'safetensors', 'fastsafetensors', 'runai_model_streamer', 'tensorizer'} & set(sys.modules);"
        "print(code, sorted(heavy))"
    )
    command = ["sweep", str(checkpoint), "--rounds", "1", "--cache", "warm", "--out", str(tmp_path / "run")]
    command += ["--loader", "safetensors-mmap,fastsafetensors-nogds,runai-streamer,tensorizer"]
    # As a module, since trial processes import the main module again, and -c has none.
    (tmp_path / "main.py").write_text(f"if __name__ == '__main__':\n    {code}\n")
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "main.py"), *command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "0 []"


def test_memory_that_is_not_there_ends_as_a_record(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    """fastsafetensors has a bounce buffer of 16 MiB, more than it may allocate here; the tensors alone would fit."""
    command = ("sweep", checkpoint, "--loader", "fastsafetensors-nogds", "--cache", "warm", "--rounds", "1")
    loadbench(*command, "--memory-limit", "8M", "--out", tmp_path / "bounce")
    (record,) = read_run(tmp_path / "bounce").records
    assert record.status == "failed"
    assert record.reason.startswith("needs more memory than there is")
    assert loadbench(*command, "--memory-limit", "1M", "--out", tmp_path / "tensors").returncode == 4
    (record,) = read_run(tmp_path / "tensors").records
    assert (record.status, record.reason) == ("skipped", "needs at least 4.2 MB of memory, 1.0 MB may be used")


def test_a_dry_run_makes_nothing(loadbench: Loadbench, tmp_path: Path) -> None:
    cache, out = tmp_path / "cache", tmp_path / "run"
    ended = loadbench(
        "sweep",
        "--dry-run",
        "--loader",
        "fastsafetensors-nogds,fastsafetensors-gds",
        "--threads",
        "8,16",
        "--cache",
        "cold",
        "--out",
        out,
        LOADBENCH_CACHE=str(cache),
    )
    assert ended.returncode == 0, ended.stderr
    assert "gpt2: 548.1 MB, 160 tensors; it will be made" in ended.stdout
    assert "fastsafetensors-nogds gpt2 cold cpu owned auto threads=16" in ended.stdout
    assert "2 cases × 6 to 20 rounds = 12 to 40 trials; a case stops when its interval is within 5 % cold" in (
        ended.stdout
    )
    assert "very roughly: no run of this machine in results/" in ended.stdout
    assert "the smallest slowdown that 4 of 5 such sweeps find:" in ended.stdout
    assert re.search(r"cold: \d+ % with 6 rounds and \d+ % with 20 rounds between two cases", ended.stdout)
    assert "fastsafetensors-gds" in ended.stdout.split("skipped:")[1]
    assert not out.exists()
    assert not list(cache.rglob("*.safetensors"))


def test_a_plan_is_printed_also_where_there_is_no_unicode(loadbench: Loadbench, checkpoint: Path) -> None:
    ended = loadbench("sweep", checkpoint, "--dry-run", "--loader", "fake", "--rounds", "3", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert "2 cases x 3 rounds = 6 trials" in ended.stdout


def test_a_configuration_file_and_flags_over_it(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    config = tmp_path / "sweep.toml"
    config.write_text('loader = ["fake"]\ncache = ["cold"]\nrounds = 5\nseed = 3\n[axes]\nthreads = [1, 2]\n')
    out = tmp_path / "run"
    ended = loadbench("sweep", checkpoint, "--config", config, "--rounds", "1", "--cache", "warm", "--out", out)
    assert ended.returncode == 0, ended.stderr
    plan = read_run(out).run.plan
    assert (plan.rounds, plan.seed, len(plan.cases), plan.cases[0].cache) == (1, 3, 2, "warm")


def test_talk_goes_to_stderr_and_is_plain_where_nobody_watches(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    ended = loadbench("sweep", checkpoint, "--loader", "fake", "--cache", "warm", "--rounds", "2", "--out", out)
    assert ended.stdout == ""
    assert "[2/2] round 2/2  fake warm" in ended.stderr
    assert "\x1b" not in ended.stderr


def test_read_only_media(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    place = tmp_path / "medium"
    place.mkdir()
    subprocess.run(["mount", "--bind", checkpoint, place], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
        out = tmp_path / "run"
        ended = loadbench("sweep", place, "--loader", "safetensors-pread,tensorizer", "--rounds", "1", "--out", out)
        assert ended.returncode == 0, ended.stderr
        assert {record.status for record in read_run(out).records} == {"ok"}
    finally:
        subprocess.run(["umount", place], check=True)


def test_one_trial_by_hand(loadbench: Loadbench, checkpoint: Path) -> None:
    ended = loadbench("trial", "fake", checkpoint, "--set", "threads=3", "--cache", "warm")
    assert ended.returncode == 0, ended.stderr
    record = json.loads(ended.stdout)
    assert (record["status"], record["case"]["tunables"], record["isolation"]) == ("ok", {"threads": 3}, "spawn")
    failed = loadbench("trial", "fake", checkpoint, "--set", "behaviour=raise", "--cache", "warm")
    assert failed.returncode == 4
    assert json.loads(failed.stdout)["status"] == "failed"
    assert "Traceback" in failed.stderr, "by hand one wants to see it"


def test_the_links_to_all_devices_of_a_sweep_are_measured(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Or are said to be missing, each by its device."""
    devices = ("cpu", "cuda:0", "cuda:1")
    found = measure_ceilings([open_checkpoint(checkpoint)], SweepOptions(device=devices, isolation="spawn"), session=2)
    said = capsys.readouterr().err
    for device in devices[1:]:
        missing = f"no ceiling of small: link, pinned to {device}: " in said
        assert missing or ("link, pinned", device) in {(one.kind, one.device) for one in found}
    assert {one.session for one in found} == {2}


def test_a_run_says_what_each_checkpoint_lies_on(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    memory = Path("/dev/shm") / f"loadbench-test-{os.getpid()}.safetensors"
    if not os.access(memory.parent, os.W_OK):
        pytest.skip("no /dev/shm")
    memory.write_bytes((checkpoint / "model.safetensors").read_bytes())
    out = tmp_path / "run"
    try:
        arguments = ("--loader", "fake", "--cache", "warm", "--rounds", "1", "--out", out)
        ended = loadbench("sweep", checkpoint, memory, *arguments)
    finally:
        memory.unlink()
    assert ended.returncode == 0, ended.stderr
    storages = [info.storage for info in read_run(out).run.checkpoints.values()]
    assert storages == [describe_storage(checkpoint).name, "tmpfs"]


BAD = [
    (["sweep", "CHECKPOINT", "--loader", "safetensor-mmap"], "unknown loader 'safetensor-mmap'.*Did you mean"),
    (["sweep", "CHECKPOINT", "--threads", "8,,16"], "empty item"),
    (["sweep", "CHECKPOINT", "--buffer", "8X"], "'8X' is not a size such as 8M"),
    (["sweep", "CHECKPOINT", "--set", "tensorizer.threads"], "write loader.tunable=values"),
    (["sweep", "CHECKPOINT", "--set", "tensorizer.speed=9"], "unknown tunable 'speed'.*Known: threads, verify_hash"),
    (["sweep", "CHECKPOINT", "--device", "gpu0"], "unknown device 'gpu0'"),
    (["sweep", "CHECKPOINT", "--cache", "tepid"], "unknown cache state 'tepid'"),
    (["sweep", "CHECKPOINT", "--rounds", "0"], "from 1 to 1000 rounds"),
    (["sweep", "--resume", "--out", "nowhere"], "nowhere holds no run to continue. To start one there, say what"),
    (["sweep", "CHECKPOINT", "--timeout", "soon"], "not a duration"),
    (["sweep", "gpt3"], "unknown model 'gpt3'.*Did you mean 'gpt2'"),
    (["sweep", "/no/such/directory"], "/no/such/directory"),
    (["sweep", "CHECKPOINT", "--resume"], "--resume needs --out"),
    (["sweep", "CHECKPOINT", "--config", "/no/such.toml"], "Cannot read /no/such.toml"),
    (["sweep", "CHECKPOINT", "--out", "/proc/loadbench"], "Cannot write in /proc/loadbench"),
    (["loaders", "--check", "nothing"], "unknown loader 'nothing'"),
    (["trial", "fake", "CHECKPOINT", "--set", "speed=1"], "unknown tunable 'speed'"),
    (["report", "/no/such/results"], "/no/such/results does not exist"),
    (["nonsense"], "No such command"),
    (["sweep", "--nonsense"], "No such option"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input(loadbench: Loadbench, checkpoint: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    """One message with cause, place and what to do; exit code 2; no traceback; nothing made."""
    out = (
        []
        if "--out" in arguments or arguments[0] != "sweep" or "--resume" in arguments
        else ["--out", tmp_path / "run"]
    )
    ended = loadbench(*[str(checkpoint) if word == "CHECKPOINT" else word for word in arguments], *out)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search(message, " ".join(ended.stderr.split())), ended.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["sweep", "LONG"],
        ["sweep", "LONG", "--dry-run"],
        ["sweep", "CHECKPOINT", "--out", "LONG"],
        ["sweep", "--resume", "--out", "LONG"],
        ["trial", "fake", "LONG"],
        ["probe", "LONG"],
        ["report", "LONG"],
        ["predict", "LONG", "--like", "gpt2"],
        ["predict", "--like", "LONG"],
        ["model", "info", "LONG"],
    ],
    ids=" ".join,
)
def test_a_name_that_is_too_long(loadbench: Loadbench, checkpoint: Path, arguments: list[str]) -> None:
    words = {"CHECKPOINT": str(checkpoint), "LONG": "x" * 300}
    ended = loadbench(*[words.get(word, word) for word in arguments])
    assert ended.returncode == 2, ended.stderr
    assert re.search("(Cannot|cannot) .*: File name too long", ended.stderr), ended.stderr
    assert "Traceback" not in ended.stderr


def test_damaged_checkpoints_are_refused_before_anything_is_measured(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    whole = (checkpoint / "model.safetensors").read_bytes()
    file = tmp_path / "bad.safetensors"
    for content in (b"", whole[:5], whole[:100], whole[:-1], whole + b"x", b"\xff" * 64):
        file.write_bytes(content)
        ended = loadbench("sweep", file, "--loader", "fake", "--out", tmp_path / "run")
        assert ended.returncode == 2, content[:10]
        assert str(file) in ended.stderr
        assert "Traceback" not in ended.stderr
        assert not (tmp_path / "run").exists()


def test_help_is_there_for_every_command_and_imports_nothing_heavy(
    loadbench: Loadbench, environment: dict[str, str]
) -> None:
    for command in (
        [],
        ["sweep"],
        ["report"],
        ["loaders"],
        ["trial"],
        ["probe"],
        ["doctor"],
        ["predict"],
        ["model"],
        ["model", "make"],
        ["model", "info"],
    ):
        ended = loadbench(*command, "--help")
        assert ended.returncode == 0
        assert "Usage: " in ended.stdout
    code = (
        "import sys; from loadbench.cli import run; run(['--help']);"
        "print({'torch', 'pandas', 'matplotlib', 'numpy', 'scipy', 'pydantic', 'psutil', 'xxhash'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.strip().endswith("set()")
