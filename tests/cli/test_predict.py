import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from loadbench import store
from loadbench.checkpoints.plan import ModelRequest, plan_model
from loadbench.checkpoints.summary import summary_of_plan
from loadbench.cli.predict import predict
from loadbench.errors import CheckpointError, LoadbenchError, ResultsError, StoreError, UsageError
from loadbench.records import Case, Ceiling, CheckpointInfo, PathProof, Plan, Record, Run
from tests import builders
from tests.checkpoints.raw import raw_file, write_floats
from tests.conftest import Loadbench

MB = 10**6
SIZES = {
    "small": (64 * MB, 16, 1),
    "many-tensors": (64 * MB, 4000, 1),
    "many-files": (64 * MB, 64, 32),
    "middle": (256 * MB, 600, 8),
    "large": (512 * MB, 64, 1),
    "gpt2": (548 * MB, 160, 1),
    "mixed": (251 * MB, 1000, 2),
}
SLOW = (1.0, 20.0, 0.02, 2.0)
"""GB/s, ms fixed, ms a tensor, ms a file: of safetensors-mmap in these runs."""
FAST = (2.0, 50.0, 0.01, 1.0)
NOISE = (0.98, 0.99, 1.0, 1.0, 1.01, 1.02)


def milliseconds(size: tuple[int, int, int], costs: tuple[float, ...]) -> float:
    rate, fixed, per_tensor, per_file = costs
    return size[0] / rate / MB + fixed + size[1] * per_tensor + size[2] * per_file


def info(size: tuple[int, int, int]) -> CheckpointInfo:
    return CheckpointInfo(
        path="x", files=size[2], file_bytes=size[0] + 1000, payload_bytes=size[0], tensors=size[1], digest=str(size)
    )


def loads(loader: str, costs: tuple[float, ...], names: Iterable[str] = SIZES, **fields: Any) -> list[Record]:
    """Six trials of each checkpoint; the costs give the median."""
    return [
        record
        for name in names
        for record in builders.series(
            builders.case(loader, checkpoint=name, **fields),
            *(milliseconds(SIZES[name], costs) * factor for factor in NOISE),
            payload=SIZES[name][0],
        )
    ]


def write(
    path: Path, records: list[Record], *, environment: dict[str, Any] | None = None, start: str = "", **fields: Any
) -> Path:
    """A run on disk, as a sweep writes it."""
    cases: list[Case] = []
    for record in records:
        if record.case not in cases:
            cases.append(record.case)
    plan = Plan(cases=cases, rounds=6, seed=7, timeout_s=600)
    made = builders.run(cases, plan=plan, checkpoints={name: info(size) for name, size in SIZES.items()})
    session = made.sessions[0].model_copy(
        update={
            "environment": builders.ENVIRONMENT | (environment or {}),
            "started_at": start or "2026-01-02T03:04:05Z",
        }
    )
    run = Run(**dict(made) | {"name": path.name, "sessions": [session]} | fields)
    writer = store.RunWriter.create(path, run)
    for record in records:
        writer.append(record)
    writer.close()
    return path


def storage(gb_per_s: float, kind: str = "storage", checkpoint: str = "gpt2", device: str = "cpu") -> Ceiling:
    return Ceiling.model_validate(
        {
            "kind": kind,
            "checkpoint": checkpoint,
            "device": device,
            "bytes": 10**9,
            "samples_ns": [round(1e9 / gb_per_s)] * 3,
        }
    )


@pytest.fixture
def results(tmp_path: Path) -> Path:
    records = [
        *loads("safetensors-mmap", SLOW),
        *loads("runai-streamer", FAST, tunables={"concurrency": 4}),
        *loads("safetensors-mmap", FAST, cache="warm"),
    ]
    write(tmp_path / "results" / "one", records, ceilings=[storage(2.5), storage(2.2), storage(8, "page cache")])
    return tmp_path / "results"


def run(*arguments: str | Path, width: int = 200) -> Result:
    app = typer.Typer()
    app.command()(predict)
    result = CliRunner(env={"COLUMNS": str(width)}).invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, LoadbenchError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def as_json(*arguments: str | Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(run(*arguments, "--format", "json").stdout)
    return content


def text(*arguments: str | Path, width: int = 200) -> str:
    return " ".join(run(*arguments, width=width).stdout.split())


def test_a_prediction_is_the_sum_of_the_costs(results: Path) -> None:
    found = as_json(results, "--like", "uniform-1GB-300t-4f")
    assert found["target"]["bytes"] == 10**9
    mmap = found["predictions"][0]
    assert (mmap["loader"], mmap["cache"], mmap["tunables"]) == ("safetensors-mmap", "cold", {})
    assert mmap["seconds"] == pytest.approx(1.034, rel=0.01)
    assert mmap["parts_s"] == pytest.approx({"bytes": 1.0, "fixed": 0.02, "tensors": 0.006, "files": 0.008}, rel=0.02)
    assert mmap["low_s"] < mmap["seconds"] < mmap["high_s"]
    assert mmap["gb_per_s"] == pytest.approx(1 / 1.034, rel=0.01)
    assert mmap["model"]["marginal_gb_per_s"]["value"] == pytest.approx(1, rel=0.01)
    assert len(mmap["fitted_to"]) == len(SIZES)
    assert [(row["loader"], row["cache"]) for row in found["predictions"]] == [
        ("safetensors-mmap", "cold"),
        ("runai-streamer", "cold"),
        ("safetensors-mmap", "warm"),
    ]


def test_the_tables_say_what_it_is_made_of_and_what_it_means(results: Path) -> None:
    shown = text(results, "--like", "uniform-1GB-300t-4f", "--cache", "cold")
    assert "predicted load of uniform-1GB-300t-4f" in shown
    assert "1,000,000,000 bytes (1.0 GB) in 300 tensors; 4 files" in shown
    assert "concurrency=4" in shown
    assert "fixed 20.0 ms, tensors 6.00 ms, files 8.00 ms, bytes 1.00 s" in shown
    costs = shown.split("What a load costs")[1].split()
    first = costs.index("safetensors-mmap")
    assert costs[first : first + 6] == ["safetensors-mmap", "cold", "20.0", "20.0", "2.00", "1.00"]  # ms, µs, ms, GB/s
    assert "extrapolation: 1.8 times the largest checkpoint measured (548.0 MB)" in shown


def test_eighty_columns_are_enough(results: Path) -> None:
    lines = run(results, "--like", "llama-3-8b", width=80).stdout.split("How to repeat it")[0].splitlines()
    assert max(map(len, lines)) <= 80
    assert any("of it: fixed" in line for line in lines)


def test_a_model_that_is_not_made_is_planned_only(results: Path, own_cache: Path) -> None:
    found = as_json(results, "--like", "deepseek-r1")
    planned = summary_of_plan(plan_model(ModelRequest("deepseek-r1")))
    assert found["target"] == {
        "name": "deepseek-r1",
        "bytes": planned.payload_bytes,
        "file_bytes": planned.file_bytes,
        "tensors": 91_991,
        "files": 163,
    }
    assert not list(own_cache.rglob("deepseek-r1*"))
    warnings = found["predictions"][0]["warnings"]
    assert "extrapolation: 1257 times the largest checkpoint measured (548.0 MB)" in warnings
    assert "extrapolation: 23 times the most tensors measured (4,000)" in warnings
    assert "extrapolation: 5.1 times the most files measured (32)" in warnings
    assert any(warning.startswith("memory: 688.6 GB are needed for its tensors, this") for warning in warnings)


def test_a_warm_load_needs_memory_for_the_page_cache_too(results: Path) -> None:
    # 16 GiB of memory hold the 10 GB once, but not twice.
    cold, _, warm = as_json(results, "--like", "uniform-10GB-300t-4f")["predictions"]
    assert not any(warning.startswith("memory") for warning in cold["warnings"])
    assert any(warning.startswith("memory: 20.0 GB are needed for it with its files") for warning in warm["warnings"])


def test_headers_of_files_are_enough(results: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    write_floats(tmp_path / "model" / "a.safetensors", ["x", "y"])
    write_floats(tmp_path / "model" / "b.safetensors", ["z"])
    found = as_json(results, "--like", tmp_path / "model")
    assert (found["target"]["bytes"], found["target"]["tensors"], found["target"]["files"]) == (96, 3, 2)
    assert any("smaller than the smallest" in warning for warning in found["predictions"][0]["warnings"])
    (tmp_path / "empty.safetensors").write_bytes(raw_file({}))
    with pytest.raises(CheckpointError, match="nothing to predict"):
        run(results, "--like", tmp_path / "empty.safetensors")
    one = as_json(results, "--like", tmp_path / "model" / "a.safetensors")
    assert (one["target"]["bytes"], one["target"]["files"]) == (64, 1)


def test_the_ceilings_bound_what_is_possible(results: Path) -> None:
    found = as_json(results, "--like", "uniform-1GB-300t-4f")
    bounds = [row["bound"] for row in found["predictions"]]
    assert bounds[0] == bounds[1] == pytest.approx({"stage": "storage", "seconds": 0.4, "bytes_per_second": 2.5e9})
    assert bounds[2]["stage"] == "page cache"
    assert bounds[2]["seconds"] == pytest.approx(1 / 8)
    assert "Bound, cold: nothing faster than 0.400 s is possible here; the storage gives at most 2.50 GB/s" in text(
        results, "--like", "uniform-1GB-300t-4f"
    )


def test_a_prediction_below_the_bound_is_marked_and_not_changed(tmp_path: Path) -> None:
    write(tmp_path / "run", loads("safetensors-mmap", SLOW), ceilings=[storage(0.5)])
    row = as_json(tmp_path / "run", "--like", "uniform-1GB-300t-4f")["predictions"][0]
    assert row["seconds"] == pytest.approx(1.034, rel=0.01)
    assert row["below_bound"]
    assert any("predicted faster than the 2.00 s that its storage ceiling allows" in text for text in row["warnings"])
    shown = text(tmp_path / "run", "--like", "uniform-1GB-300t-4f")
    assert "0.97!" in shown
    assert "! faster than the ceiling" in shown


def test_without_ceilings_of_the_probe_raw_reads_are_the_bound(tmp_path: Path) -> None:
    raw = loads("raw-read", (4.0, 0.0, 0.0, 0.0))
    write(tmp_path / "run", [*loads("safetensors-mmap", SLOW), *loads("safetensors-mmap", FAST, cache="warm"), *raw])
    rows = as_json(tmp_path / "run", "--like", "uniform-1GB-300t-4f")["predictions"]
    assert [row["loader"] for row in rows] == [
        "safetensors-mmap"
    ] * 2  # a ceiling is no loader to predict, fitted or not
    assert rows[0]["bound"]["seconds"] == pytest.approx(0.25)
    assert rows[1]["bound"] is None
    assert "Bound, warm: unknown, as not all its ceilings were measured" in text(tmp_path / "run", "--like", "gpt2")


def test_the_stages_that_the_bytes_pass_are_what_bounds_them(tmp_path: Path) -> None:
    past_cache = [
        record.model_copy(update={"path": PathProof(requested="direct", effective="direct", evidence="counters")})
        for record in loads("fastsafetensors-nogds", FAST, cache="warm")
    ]
    records = [
        *past_cache,
        *loads("safetensors-mmap", SLOW, cache="warm", contract="touched"),
        *loads("runai-streamer", FAST, cache="warm", device="cuda:0"),
        *loads("runai-streamer", FAST, cache="warm", device="cuda:1"),
    ]
    link = storage(5, "link, pinned", device="cuda:0")
    write(tmp_path / "run", records, ceilings=[storage(2.5), storage(8, "page cache"), link])
    rows = as_json(tmp_path / "run", "--like", "uniform-20GB-300t-4f")["predictions"]
    bounds = [(row["loader"], row["bound"] and (row["bound"]["stage"], row["bound"]["seconds"])) for row in rows]
    assert bounds == [
        ("fastsafetensors-nogds", ("storage", pytest.approx(8))),
        ("safetensors-mmap", None),  # touched pages are not copied
        ("runai-streamer", ("link", pytest.approx(4))),
        ("runai-streamer", None),  # the link to this device was not measured, and may be slower than the page cache
    ]
    memory = [any(warning.startswith("memory: 20.0 GB") for warning in row["warnings"]) for row in rows]
    assert memory == [True, True, True, True]  # for tensors or for cached files
    assert "for its tensors" in str(rows[0]["warnings"])
    assert "for it with its files cached" in str(rows[2]["warnings"])


def test_what_crosses_the_link_is_the_smaller_form_of_converted_tensors(tmp_path: Path) -> None:
    halved = [
        record.model_copy(update={"bytes": record.bytes.model_copy(update={"delivered_bytes": SIZES[name][0] // 2})})
        for name in SIZES
        for record in loads("runai-streamer", SLOW, [name], device="cuda:0", dtype="F16")
        if record.bytes
    ]
    link = storage(1, "link, pinned", device="cuda:0")
    write(tmp_path / "run", halved, ceilings=[storage(2.5), link])
    (row,) = as_json(tmp_path / "run", "--like", "uniform-1GB-300t-4f")["predictions"]
    assert row["bound"] == pytest.approx({"stage": "link", "seconds": 0.5, "bytes_per_second": 1e9})


def test_runs_of_one_machine_are_put_together(tmp_path: Path) -> None:
    names = list(SIZES)
    write(tmp_path / "a", loads("safetensors-mmap", SLOW, names[:4]))
    write(tmp_path / "b", loads("safetensors-mmap", SLOW, names[3:]))
    found = as_json(tmp_path, "--like", "gpt2")
    assert found["machine"]["runs"] == 2
    (row,) = found["predictions"]
    assert {seen["checkpoint"]: len(seen["samples_ns"]) for seen in row["fitted_to"]} == {
        name: 12 if name == names[3] else 6 for name in names
    }


def test_storages_and_isolations_are_series_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "a", loads("safetensors-mmap", SLOW))
    write(tmp_path / "b", loads("safetensors-mmap", FAST), environment={"storage.checkpoint.device": "nvme1n1"})
    spawned = Plan(cases=[], rounds=6, seed=1, timeout_s=600, isolation="spawn")
    write(tmp_path / "c", loads("safetensors-mmap", FAST), plan=spawned)
    rows = as_json(tmp_path, "--like", "gpt2")["predictions"]
    assert [(row["storage"], row["isolation"]) for row in rows] == [
        ("nvme0n1 ext4", "fork"),
        ("nvme1n1 ext4", "fork"),
        ("nvme0n1 ext4", "spawn"),
    ]
    assert rows[0]["seconds"] > 1.5 * rows[1]["seconds"]
    shown = text(tmp_path, "--like", "gpt2")
    assert "on nvme1n1 ext4" in shown
    assert "isolation=spawn" in shown


def test_the_checkpoints_of_one_run_may_lie_on_several_storages(tmp_path: Path) -> None:
    disks = dict.fromkeys(SIZES, "nvme0n1 ext4") | {f"{name}-hdd": "sda xfs" for name in SIZES}
    slow = [
        record.model_copy(
            update={"case": builders.case(record.case.loader, checkpoint=f"{record.case.checkpoint}-hdd")}
        )
        for record in loads("safetensors-mmap", (0.1, *SLOW[1:]))
    ]
    infos = {
        name: info(SIZES[name.removesuffix("-hdd")]).model_copy(update={"storage": disk})
        for name, disk in disks.items()
    }
    ceilings = [storage(2.5), storage(0.2, checkpoint="gpt2-hdd")]
    write(tmp_path / "run", [*loads("safetensors-mmap", SLOW), *slow], checkpoints=infos, ceilings=ceilings)
    rows = as_json(tmp_path / "run", "--like", "uniform-1GB-300t-4f")["predictions"]
    assert [row["storage"] for row in rows] == ["nvme0n1 ext4", "sda xfs"]
    assert [row["seconds"] for row in rows] == pytest.approx([1.034, 10.034], rel=0.01)
    assert [row["bound"]["seconds"] for row in rows] == pytest.approx([0.4, 5])
    held = text(tmp_path / "run", "--hold-out", "gpt2-hdd")
    assert "1 of 1 measured medians lie inside" in held
    assert "Not measured: safetensors-mmap cold on nvme0n1 ext4." in held


def test_a_run_that_names_the_storage_of_its_checkpoints_goes_with_an_older_one(tmp_path: Path) -> None:
    write(tmp_path / "old", loads("safetensors-mmap", SLOW, list(SIZES)[:4]))
    infos = {name: info(size).model_copy(update={"storage": "nvme0n1 ext4"}) for name, size in SIZES.items()}
    write(tmp_path / "new", loads("safetensors-mmap", SLOW, list(SIZES)[4:]), checkpoints=infos)
    (row,) = as_json(tmp_path, "--like", "gpt2")["predictions"]
    assert len(row["fitted_to"]) == len(SIZES)


def test_runs_of_several_machines_need_a_choice(tmp_path: Path) -> None:
    write(tmp_path / "a", loads("safetensors-mmap", SLOW))
    write(tmp_path / "b", loads("safetensors-mmap", FAST), environment={"machine.id": "m2", "host.name": "bench-2"})
    with pytest.raises(UsageError, match=r"2 machines: m1 \(host bench-1, 1 run\); m2 \(host bench-2, 1 run\).*--mach"):
        run(tmp_path, "--like", "gpt2")
    by_id = as_json(tmp_path, "--like", "gpt2", "--machine", "m2")
    assert by_id["machine"]["host"] == "bench-2"
    assert by_id["predictions"][0]["seconds"] == pytest.approx(milliseconds(SIZES["gpt2"], FAST) / 1e3, rel=0.02)
    assert as_json(tmp_path, "--like", "gpt2", "--machine", "bench-1")["machine"]["id"] == "m1"
    with pytest.raises(UsageError, match="--machine m3: no run is from it. These are: m1"):
        run(tmp_path, "--like", "gpt2", "--machine", "m3")


def test_the_version_measured_last_is_used_and_said(tmp_path: Path) -> None:
    old = {"safetensors-mmap": builders.loader_info(safetensors="0.7.0")}
    write(tmp_path / "z-first", loads("safetensors-mmap", FAST), loaders=old, start="2026-01-01T00:00:00Z")
    write(tmp_path / "a-last", loads("safetensors-mmap", SLOW), start="2026-01-03T00:00:00Z")
    result = run(tmp_path, "--like", "gpt2", "--format", "json")
    assert "safetensors-mmap: trials of safetensors 0.7.0 are left out; safetensors 0.8.0 was measured last" in (
        result.stderr
    )
    (row,) = json.loads(result.stdout)["predictions"]
    assert row["versions"] == {"safetensors": "0.8.0"}
    assert row["seconds"] == pytest.approx(milliseconds(SIZES["gpt2"], SLOW) / 1e3, rel=0.02)


def test_loaders_and_cache_states_can_be_chosen(results: Path) -> None:
    rows = as_json(results, "--like", "gpt2", "--loader", "safetensors-mmap", "--cache", "warm")["predictions"]
    assert [(row["loader"], row["cache"]) for row in rows] == [("safetensors-mmap", "warm")]
    both = as_json(results, "--like", "gpt2", "--loader", "safetensors-mmap,runai-streamer", "--cache", "cold")
    assert len(both["predictions"]) == 2


def test_holding_a_checkpoint_out_compares_with_what_was_measured(results: Path) -> None:
    found = as_json(results, "--hold-out", "gpt2")
    assert (found["hold_out"], found["target"]["bytes"], found["target"]["tensors"]) == ("gpt2", 548 * MB, 160)
    for row in found["predictions"]:
        assert "gpt2" not in {seen["checkpoint"] for seen in row["fitted_to"]}
        (held,) = row["held_out"]
        assert held["trials"] == 6
        assert held["error"] == pytest.approx(held["seconds"] / held["measured_s"] - 1)
        assert abs(held["error"]) < 0.02
        assert held["inside"]
    assert found["predictions"][0]["held_out"][0]["measured_s"] == pytest.approx(
        milliseconds(SIZES["gpt2"], SLOW) / 1e3
    )
    shown = text(results, "--hold-out", "gpt2", "--like", "uniform-1GB-300t-4f")
    assert "gpt2: predicted and measured" in shown
    assert "3 of 3 measured medians lie inside" in shown
    assert "predicted load of uniform-1GB-300t-4f" in shown


def test_a_checkpoint_that_the_model_does_not_explain_lies_outside(tmp_path: Path) -> None:
    slow = (SLOW[0] / 2, *SLOW[1:])
    others = [name for name in SIZES if name != "gpt2"]
    write(tmp_path / "run", [*loads("safetensors-mmap", SLOW, others), *loads("safetensors-mmap", slow, ["gpt2"])])
    (held,) = as_json(tmp_path / "run", "--hold-out", "gpt2")["predictions"][0]["held_out"]
    assert not held["inside"]
    assert held["error"] == pytest.approx(-0.49, abs=0.02)
    assert "0 of 1 measured medians lie inside" in text(tmp_path / "run", "--hold-out", "gpt2")


def test_a_series_that_lacks_what_is_held_out_is_named(tmp_path: Path) -> None:
    others = [name for name in SIZES if name != "gpt2"]
    without = loads("runai-streamer", FAST, others, tunables={"concurrency": 4})
    write(tmp_path / "run", [*loads("safetensors-mmap", SLOW), *without])
    shown = text(tmp_path / "run", "--hold-out", "gpt2")
    assert "1 of 1 measured medians lie inside" in shown
    assert "Not measured: runai-streamer cold concurrency=4." in shown
    named = (
        "gpt2 has no figure in any series that can be fitted: runai-streamer cold on nvme0n1 ext4 concurrency=4. Hold"
    )
    with pytest.raises(ResultsError, match=named):
        run(tmp_path / "run", "--hold-out", "gpt2", "--loader", "runai-streamer")


def test_a_checkpoint_of_two_contents_is_held_out_twice(tmp_path: Path) -> None:
    write(tmp_path / "a", loads("safetensors-mmap", SLOW))
    changed = {name: info(size).model_copy(update={"digest": f"other {name}"}) for name, size in SIZES.items()}
    write(tmp_path / "b", loads("safetensors-mmap", SLOW, ["gpt2"]), checkpoints=changed)
    (row,) = as_json(tmp_path, "--hold-out", "gpt2")["predictions"]
    assert [held["trials"] for held in row["held_out"]] == [6, 6]
    assert "2 of 2 measured medians lie inside" in text(tmp_path, "--hold-out", "gpt2")


def test_programs_get_the_warnings_of_every_row_on_stderr_too(results: Path) -> None:
    result = run(results, "--like", "deepseek-r1", "--format", "json")
    assert "warning: extrapolation: 1257 times the largest checkpoint measured" in result.stderr
    assert run(results, "--like", "gpt2", "--format", "json").stderr == ""


def test_terms_that_never_varied_are_named(tmp_path: Path) -> None:
    names = [name for name, size in SIZES.items() if size[2] == 1]
    write(tmp_path / "run", loads("safetensors-mmap", SLOW, names))
    row = as_json(tmp_path / "run", "--like", "llama-3-8b")["predictions"][0]
    assert row["model"]["per_file_s"] is None
    assert row["model"]["not_separated"] == [{"term": "files", "always": 1}]
    assert "the cost per file is not known: every checkpoint had 1 file, llama-3-8b has 4" in row["warnings"]


def test_a_series_with_too_few_checkpoints_is_named_beside_the_others(tmp_path: Path) -> None:
    few = loads("runai-streamer", FAST, ["small", "gpt2"], tunables={"concurrency": 4})
    failed = [builders.bad(record.case, record.round, "failed", "why") for record in loads("safetensors-pread", FAST)]
    write(tmp_path / "run", [*loads("safetensors-mmap", SLOW), *few, *failed])
    found = as_json(tmp_path / "run", "--like", "gpt2")
    assert [row["loader"] for row in found["predictions"]] == ["safetensors-mmap"]
    (left_out,) = found["left_out"]
    assert (left_out["loader"], left_out["tunables"]) == ("runai-streamer", {"concurrency": 4})
    assert left_out["reason"] == "it has 2 checkpoints, at least 4 that differ are needed"
    assert "Not fitted: runai-streamer cold concurrency=4: it has 2 checkpoints" in text(
        tmp_path / "run", "--like", "gpt2"
    )


def test_variants_of_models_have_names_too(results: Path) -> None:
    target = as_json(results, "--like", "llama-3-8b-single-layers2-seed3")["target"]
    assert (target["name"], target["files"]) == ("llama-3-8b-single-layers2-seed3", 1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ([], UsageError, "Say what to predict: --like"),
        (["--like", "gpt3"], UsageError, "unknown model 'gpt3'"),
        (["--like", "./nowhere"], CheckpointError, "nowhere does not exist"),
        (["--like", "gpt2", "--loader", "nope"], UsageError, "unknown loader 'nope'.*Known: runai-streamer"),
        (["--like", "gpt2", "--cache", "tepid"], UsageError, "unknown cache state 'tepid'.*Known: cold, warm"),
        (["--hold-out", "gpt"], UsageError, "unknown checkpoint 'gpt'.*Did you mean 'gpt2'"),
    ],
)
def test_wrong_wishes(results: Path, arguments: list[str], error: type[LoadbenchError], words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        run(results, *arguments)
    assert raised.value.exit_code == 2


def test_nothing_that_can_be_fitted_is_an_error_with_what_to_do(tmp_path: Path) -> None:
    write(tmp_path / "run", loads("safetensors-mmap", SLOW, ["gpt2", "large"]))
    with pytest.raises(
        ResultsError, match="Sweep at least 4 checkpoints that differ: .*configs/cost-model.toml"
    ) as one:
        run(tmp_path / "run", "--like", "gpt2")
    assert one.value.exit_code == 3
    write(tmp_path / "run5", loads("safetensors-mmap", SLOW, list(SIZES)[:5]))
    with pytest.raises(ResultsError, match="No series can be fitted without small: it has 4 checkpoints, at least 5"):
        run(tmp_path / "run5", "--hold-out", "small")
    with pytest.raises(ResultsError, match="No trial in these results counts"):
        run(tmp_path / "run5", "--like", "gpt2", "--cache", "warm")


def test_results_that_are_not_there_or_not_readable(results: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        run(tmp_path / "none", "--like", "gpt2")
    (results / "broken").mkdir()
    (results / "broken" / "run.json").write_text("{}")
    result = run(results, "--like", "gpt2", "--format", "json")
    assert "warning: left out:" in result.stderr
    assert len(json.loads(result.stdout)["predictions"]) == 3


def test_as_a_command(loadbench: Loadbench, results: Path) -> None:
    found = loadbench("predict", results, "--like", "gpt2")
    assert found.returncode == 0
    assert "\x1b" not in found.stdout
    assert found.stderr == ""
    assert loadbench("predict", results).returncode == 2
    assert loadbench("predict", results, "--like", "gpt2", "--loader", "tensorizer").returncode == 2
    write(results / "few", loads("safetensors-mmap", SLOW, ["gpt2"]))
    too_few = loadbench("predict", results / "few", "--like", "gpt2")
    assert (too_few.returncode, too_few.stdout) == (3, "")
    assert too_few.stderr.startswith("loadbench: No series can be fitted: it has 1 checkpoint")


def test_charts_have_the_lines_of_each_condition(results: Path, tmp_path: Path) -> None:
    run(results, "--like", "gpt2", "--charts", tmp_path / "charts")
    files = sorted(file.name for file in (tmp_path / "charts").iterdir())
    assert len(files) == 2 * 4
    cold, warm = sorted((tmp_path / "charts").glob("*-light.svg"))
    assert cold.name.startswith("01-cost-cold-cpu-owned-on-nvme0n1")
    drawn = cold.read_text(encoding="utf-8")
    assert "safetensors-mmap: 0.02 s + 1 GB/s" in drawn
    assert "runai-streamer concurrency=4: 0.05 s + 2 GB/s" in drawn
    assert "runai" not in warm.read_text(encoding="utf-8")
