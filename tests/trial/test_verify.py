"""The proof of the bytes: digests that see everything, and mappings that are seen through."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from loadbench.checkpoints.checkpoint import open_checkpoint
from loadbench.checkpoints.manifest import Manifest, manifest_of
from loadbench.trial.verify import compare_files, compare_tensors, count_mapped, digest_of


@pytest.fixture
def manifest(checkpoint: Path) -> Manifest:
    return manifest_of(open_checkpoint(checkpoint))


@pytest.fixture
def held(checkpoint: Path) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in load_file(checkpoint / "model.safetensors").items()}


def test_what_arrived_is_right(held: dict[str, torch.Tensor], manifest: Manifest) -> None:
    proof = compare_tensors(held, manifest)
    assert (proof.wrong, proof.compared, proof.algorithm) == (0, 9, "xxh3_128")


@pytest.mark.parametrize("where", [0, 1, 65_536, -1])
def test_one_wrong_bit_is_found_wherever_it_is(held: dict[str, torch.Tensor], manifest: Manifest, where: int) -> None:
    held["layers.3.weight"].view(torch.uint8).reshape(-1)[where] ^= 1
    proof = compare_tensors(held, manifest)
    assert proof.wrong == 1
    assert "layers.3.weight" in proof.first_wrong


def test_swapped_blocks_and_swapped_tensors_are_found(held: dict[str, torch.Tensor], manifest: Manifest) -> None:
    flat = held["layers.0.weight"].reshape(-1)
    first, second = flat[:1024].clone(), flat[1024:2048].clone()
    flat[:1024], flat[1024:2048] = second, first
    held["layers.1.weight"], held["layers.2.weight"] = held["layers.2.weight"], held["layers.1.weight"]
    assert compare_tensors(held, manifest).wrong == 3


def test_not_a_number_equals_itself_by_its_bytes() -> None:
    tensor = torch.full((4,), float("nan"))
    assert digest_of(tensor) == digest_of(tensor.clone())


@pytest.mark.parametrize("tensor", [torch.tensor(1.0), torch.empty(0, 3), torch.ones(2, 3).t()])
def test_scalars_empties_and_strides_have_digests(tensor: torch.Tensor) -> None:
    assert digest_of(tensor) == digest_of(tensor.contiguous())


def test_a_mapping_is_told_from_memory(checkpoint: Path, held: dict[str, torch.Tensor]) -> None:
    file = checkpoint / "model.safetensors"
    mapped = load_file(file)
    assert count_mapped(mapped, [file]) == len(mapped)
    assert count_mapped(held, [file]) == 0


def test_whole_files_for_a_ceiling(checkpoint: Path, manifest: Manifest) -> None:
    content = bytearray((checkpoint / "model.safetensors").read_bytes())
    read = {"model.safetensors": torch.frombuffer(content, dtype=torch.uint8)}
    assert compare_files(read, manifest).wrong == 0
    content[100] ^= 1
    assert compare_files(read, manifest).wrong == 1
    assert compare_files({}, manifest).wrong == 1
