"""Every built-in loader passes the conformance kit, in real processes; and the kit finds what is wrong."""

from dataclasses import dataclass

import pytest

from loadbench.loaders import BUILT_IN, find, names
from loadbench.loaders.contract import tunable
from loadbench.loaders.declaration import declaration_faults
from loadbench.sweep.conformance import check_loader
from tests.conftest import Loadbench


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_loaders_conform(name: str) -> None:
    checks = list(check_loader(name, "cpu"))
    assert [check for check in checks if not check.passed and not check.skipped] == []
    assert all(check.detail for check in checks if check.skipped)
    if name != "fastsafetensors-gds":
        assert len(checks) > 10


@pytest.mark.gpu
@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_loaders_conform_on_a_gpu(name: str) -> None:
    checks = list(check_loader(name, "cuda:0"))
    assert [check for check in checks if not check.passed and not check.skipped] == []


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("fake-lazy", "FAIL  loads 'plain' with the right bytes: 3 of 3 tensors are still a mapping of the file"),
        ("fake-reusing", "FAIL  loads 'plain' with the right bytes: tensor 'a.weight' has other bytes"),
        ("fake-importing", "FAIL  imports nothing while loading 'plain'"),
        ("fake-lenient", "FAIL  refuses 'truncated' with an exception: it was loaded without an error"),
    ],
)
def test_the_kit_finds_what_is_wrong(loadbench: Loadbench, name: str, failure: str) -> None:
    ended = loadbench("loaders", "--check", name)
    assert ended.returncode == 4
    assert failure in ended.stdout


def test_declarations_are_checked() -> None:
    @dataclass
    class Bad:
        formats = ("gguf",)
        threads: int = 3

    faults = declaration_faults(Bad, "cpu")  # type: ignore[arg-type]
    assert "class attribute distributions must be a tuple" in faults
    assert "method load() is missing" in faults
    assert "it must be a frozen dataclass" in faults


def test_a_field_that_is_no_tunable_is_found() -> None:
    @dataclass(frozen=True)
    class Undeclared(find("safetensors-mmap")):  # type: ignore[misc]
        threads: int = tunable(1, "threads", "declared")
        depth: int = 3

    assert declaration_faults(Undeclared, "cpu") == ["field depth is not declared with tunable()"]


def test_plug_ins_are_listed_and_a_broken_one_does_not_break_the_list(loadbench: Loadbench) -> None:
    listed = loadbench("loaders")
    assert listed.returncode == 0
    assert "fake  loadbench-fakes 1.0" in listed.stdout
    assert "fake-broken" in listed.stdout
    assert "No module named 'loadbench_fakes_missing'" in " ".join(listed.stdout.split())
    assert set(BUILT_IN) <= set(names())


def test_a_broken_plug_in_is_named_when_it_is_asked_for(loadbench: Loadbench) -> None:
    ended = loadbench("loaders", "--check", "fake-broken")
    assert ended.returncode == 2
    assert "plug-in 'fake-broken'" in ended.stderr
