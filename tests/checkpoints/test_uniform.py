import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loadbench.checkpoints.plan import CheckpointPlan, ModelRequest, plan_model
from loadbench.checkpoints.shapes import known_models, spec_names
from loadbench.checkpoints.synthetic import ensure_spec, make_checkpoint
from loadbench.errors import UsageError
from loadbench.units import MIB, short_size
from tests.conftest import Loadbench


def plan(name: str) -> CheckpointPlan:
    return plan_model(ModelRequest.parse(name))


def tensor_sizes(planned: CheckpointPlan) -> list[int]:
    return [tensor.bytes for file in planned.files for tensor in file.tensors]


def test_a_name_is_a_size_a_number_of_tensors_and_a_number_of_files() -> None:
    planned = plan("uniform-512M-200t-4f")
    sizes = tensor_sizes(planned)
    assert sum(sizes) == 512 * MIB
    assert [len(file.tensors) for file in planned.files] == [50, 50, 50, 50]
    assert set(sizes[:-1]) == {512 * MIB // 2 // 200 * 2}
    assert 0 <= sizes[-1] - sizes[0] < 200 * 2
    assert {tensor.dtype for file in planned.files for tensor in file.tensors} == {"BF16"}
    assert planned.files[0].name == "model-00001-of-00004.safetensors"
    assert planned.source == "synthetic uniform-512M-200t-4f, seed 0"


def test_several_files_have_an_index_and_one_file_has_none() -> None:
    planned = plan("uniform-1M-10t-3f")
    index = json.loads(planned.index)
    assert index["metadata"]["total_size"] == MIB
    assert index["weight_map"] == {tensor.name: file.name for file in planned.files for tensor in file.tensors}
    alone = plan("uniform-1M-10t-1f")
    assert [file.name for file in alone.files] == ["model.safetensors"]
    assert alone.index == ""


@given(st.integers(1, 3000), st.integers(1, 40), st.integers(1, 10**9))
def test_payload_tensors_and_files_are_exact(tensors: int, files: int, numbers: int) -> None:
    assume(files <= tensors <= numbers)
    name = f"uniform-{short_size(2 * numbers)}-{tensors}t-{files}f"
    planned = plan(name)
    sizes = tensor_sizes(planned)
    assert planned.name == name
    assert (sum(sizes), len(sizes), len(planned.files)) == (2 * numbers, tensors, files)
    assert len({tensor.name for file in planned.files for tensor in file.tensors}) == tensors
    assert set(sizes[:-1]) <= {numbers // tensors * 2}
    per_file = [len(file.tensors) for file in planned.files]
    assert max(per_file) - min(per_file) <= 1


@pytest.mark.parametrize("name", ["uniform-512M-200t-4f", "uniform-512M-200t-4f-seed3", "uniform-1.5G-8t-8f"])
def test_a_name_says_everything(name: str) -> None:
    request = ModelRequest.parse(name)
    assert request.name == name
    assert request.seed == (3 if "seed3" in name else 0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("uniform-512M", "Write uniform-SIZE-TENSORSt-FILESf, such as uniform-512M-200t-4f"),
        ("uniform-512M-200-4", "Write uniform-SIZE-TENSORSt-FILESf"),
        ("uniform-8Q-2t-1f", "'8Q' is not a size"),
        ("uniform-1.2.3M-2t-1f", "not a size"),
        ("uniform-9-2t-1f", "9 bytes do not fill BF16"),
        ("uniform-1M-3t-4f", "3 tensors do not fill 4 files"),
        ("uniform-1M-3t-0f", "3 tensors do not fill 0 files"),
        ("uniform-4-3t-1f", "4 bytes are less than one number for each of 3 tensors"),
        ("uniform-1T-500001t-1f", "at most 10,000 files and 500,000 tensors"),
        ("uniform-1T-10001t-10001f", "at most 10,000 files"),
        ("uniform-1M-3t-1f-layers2", "this model has no layers"),
        ("uniform-1M-3t-1f-scale0.5", "this model has no layers"),
        ("uniform-1M-3t-1f-single", "unknown variant 'single' in uniform-1M-3t-1f"),
        ("uniforn-1M-3t-1f", "Known: deepseek-r1, gpt2.*, uniform-SIZE-TENSORSt-FILESf"),
    ],
)
def test_impossible_wishes(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        plan(name)


def test_the_known_names_of_real_models_stay_names_that_can_be_made() -> None:
    assert known_models()[:-1] == spec_names()
    assert all(ModelRequest.parse(name).name == name for name in spec_names())


def test_files_on_disk_are_what_was_planned(tmp_path: Path) -> None:
    made = make_checkpoint("uniform-1M-30t-4f", tmp_path / "u")
    assert (made.name, made.payload_bytes, len(made.tensors), len(made.files)) == ("uniform-1M-30t-4f", MIB, 30, 4)
    assert made.file_bytes == plan("uniform-1M-30t-4f").bytes
    again = ensure_spec("uniform-1M-30t-4f-seed2")
    assert (again.payload_bytes, len(again.files)) == (MIB, 4)
    assert again.files[0].read_bytes() != made.files[0].read_bytes()


def test_model_make_and_model_info_take_the_name(loadbench: Loadbench, tmp_path: Path) -> None:
    assert loadbench("model", "make", "uniform-64K-10t-2f", "--out", tmp_path / "u").returncode == 0
    made = json.loads(loadbench("model", "info", tmp_path / "u", "--json").stdout)
    planned = json.loads(loadbench("model", "info", "uniform-64K-10t-2f", "--json").stdout)
    assert (made["payload_bytes"], made["tensors"], len(made["files"])) == (65_536, 10, 2)
    assert made | {"path": ""} == planned
    assert loadbench("model", "make", "uniform-64K", "--out", tmp_path / "v").returncode == 2
