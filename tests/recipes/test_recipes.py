"""What is to be pasted for each loader, and that the sweep to confirm it is the sweep of those cases."""

import shlex

import pytest

from loadbench import loaders
from loadbench.errors import UsageError
from loadbench.recipes import recipes
from loadbench.recipes.again import sweep_again
from loadbench.records import Case, LoaderInfo, Value
from loadbench.sweep.axes import parse_axis
from loadbench.sweep.description import describe_loader
from loadbench.sweep.options import SweepOptions
from loadbench.sweep.plan import plan_cases
from loadbench.units import GIB, MIB
from tests.builders import case

CONTESTANTS = [name for name in loaders.BUILT_IN if not loaders.find(name).ceiling]


def lines(of: Case, target: str, path: str = "/models/x") -> tuple[str, ...]:
    (recipe,) = [recipe for recipe in recipes(of, path) if recipe.target == target]
    return recipe.lines


def notes(of: Case, target: str) -> str:
    (recipe,) = [recipe for recipe in recipes(of, "/models/x") if recipe.target == target]
    return " ".join(recipe.notes)


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
@pytest.mark.parametrize("name", CONTESTANTS)
def test_every_contestant_has_recipes_that_say_something(name: str, device: str) -> None:
    made = recipes(case(name, device=device), "/models/x")
    assert {"vLLM", "SGLang", "Python"} <= {recipe.target for recipe in made}
    assert all(recipe.lines or recipe.notes for recipe in made)


def test_vllm() -> None:
    assert lines(case("safetensors-mmap"), "vLLM") == (
        "vllm serve /models/x --load-format safetensors --safetensors-load-strategy lazy",
    )
    assert lines(case("fastsafetensors-nogds", device="cuda:0", tunables={"direct": "on"}), "vLLM") == (
        "FASTSAFETENSORS_ODIRECT=1 vllm serve /models/x --load-format fastsafetensors",
    )
    assert lines(case("runai-streamer", tunables={"concurrency": 4, "block": MIB}), "vLLM") == (
        "RUNAI_STREAMER_FS_CHUNK_BYTESIZE=1048576 vllm serve /models/x --load-format runai_streamer "
        "--model-loader-extra-config '{\"concurrency\": 4}'",
    )
    assert lines(case("tensorizer", device="cuda:0", dtype="F16"), "vLLM") == (
        "vllm serve /models/x --load-format tensorizer --dtype float16",
    )
    assert "serialised by vLLM itself" in notes(case("tensorizer", device="cuda:0"), "vLLM")


def test_sglang() -> None:
    start = "python3 -m sglang.launch_server --model-path /models/x --load-format"
    assert lines(case("safetensors-mmap"), "SGLang") == (
        f"{start} safetensors --model-loader-extra-config '{{\"enable_multithread_load\": false}}'",
    )
    assert lines(case("fastsafetensors-gds", device="cuda:0"), "SGLang") == (
        f"{start} fastsafetensors --model-loader-extra-config '{{\"enable_gds\": true}}'",
    )
    assert lines(case("runai-streamer", tunables={"memory_limit": -1}), "SGLang") == (
        f'{start} runai_streamer --model-loader-extra-config \'{{"concurrency": 16, "memory_limit": -1}}\'',
    )


def test_an_engine_gets_the_directory_of_a_single_file() -> None:
    (line,) = lines(case("safetensors-mmap"), "vLLM", "/models/x/model.safetensors")
    assert shlex.split(line)[2] == "/models/x"
    (line,) = lines(case("safetensors-mmap"), "vLLM", "model.safetensors")
    assert shlex.split(line)[2] == "."


def test_runai_environment_has_what_is_not_the_default_and_the_concurrency() -> None:
    target = "Run:ai Model Streamer's environment"
    assert lines(case("runai-streamer"), target) == ("export RUNAI_STREAMER_CONCURRENCY=16",)
    set_: dict[str, Value] = {"concurrency": 8, "memory_limit": 2 * GIB, "chunk": 2 * MIB, "strategy": "sync_buffered"}
    assert lines(case("runai-streamer", tunables=set_), target) == (
        "export RUNAI_STREAMER_CONCURRENCY=8",
        "export RUNAI_STREAMER_MEMORY_LIMIT=2147483648",
        "export RUNAI_STREAMER_FS_STRATEGY=sync_buffered",
    )


def test_what_is_the_default_is_said() -> None:
    assert "Every setting has the library's default." in notes(case(), "Python")
    assert "The library's default: threads=16." in notes(case(tunables={"threads": 16, "buffer": MIB}), "Python")
    assert "default" not in notes(case(tunables={"threads": 8, "buffer": MIB}), "Python")


def test_a_plug_in_has_none() -> None:
    with pytest.raises(UsageError, match=r"no recipe for the loader 'my-loader'.*There are recipes for"):
        recipes(case("my-loader"), "/models/x")


INFOS: dict[str, LoaderInfo] = {name: describe_loader(name, "cpu") for name in CONTESTANTS}


@pytest.mark.parametrize("dtype", ["auto", "F16"])
def test_the_sweep_has_all_the_cases_again(dtype: str) -> None:
    cases = [
        case(tunables={"threads": 8, "buffer": 8 * MIB}, dtype=dtype, contract="stream"),
        case(tunables={"threads": 16, "buffer": 3 * MIB // 2}, dtype=dtype, contract="stream"),
        case("runai-streamer", tunables={"memory_limit": -1, "concurrency": 4}, dtype=dtype, contract="stream"),
        case("runai-streamer", tunables={"memory_limit": 0, "concurrency": 4}, dtype=dtype, contract="stream"),
        case("tensorizer", tunables={"threads": None, "verify_hash": True}, dtype=dtype, contract="stream"),
        case("safetensors-mmap", dtype=dtype, contract="stream"),
    ]
    again = sweep_again(cases, "/models/x", INFOS)
    words = shlex.split(again.lines[0])
    planned = [one.case for one in plan_cases(options(words), "gpt2")]
    assert [one for one in cases if one not in planned] == []
    assert len(planned) == 4 + 2 + 1 + 1
    assert again.notes == ("8 cases: a sweep multiplies the axes.",)
    assert sweep_again(cases[2:4], "/models/x", INFOS).notes == ()


def options(words: list[str]) -> SweepOptions:
    """The options as the command line would have them."""
    assert words[:3] == ["loadbench", "sweep", "/models/x"]
    pairs = list(zip(words[3::2], words[4::2], strict=True))
    found = {name: value for name, value in pairs if name != "--set"}
    axes = {
        name: tuple(text.split(",")) for name, text in (value.split("=") for flag, value in pairs if flag == "--set")
    }
    tunable = loaders.tunables_of(loaders.find("runai-streamer"))["memory_limit"]
    assert parse_axis(axes["runai-streamer.memory_limit"], tunable, "here") == (-1, 0)
    return SweepOptions(
        loader=tuple(found["--loader"].split(",")),
        set=axes,
        cache=(found["--cache"],),
        contract=(found["--contract"],),
        dtype=(found.get("--dtype", "auto"),),
        rounds=int(found["--rounds"]),
    )


def test_a_relative_checkpoint_is_a_path_and_no_model() -> None:
    for path, word in (("gpt2", "./gpt2"), ("models/gpt2", "models/gpt2"), ("-x/y", "./-x/y")):
        assert shlex.split(sweep_again([case()], path, INFOS).lines[0])[2] == word
