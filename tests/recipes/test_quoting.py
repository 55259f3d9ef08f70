"""Whatever stands in a results file stays text in what is pasted: for the shell, for Python and for JSON."""

import ast
import json
import shlex
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loadbench.errors import UsageError
from loadbench.recipes import recipes
from loadbench.recipes.again import sweep_again
from loadbench.recipes.recipe import Recipe
from loadbench.records import Value
from tests.builders import LOADERS, case
from tests.recipes.checkpoints import HOSTILE

SETTINGS: dict[str, dict[str, Value]] = {
    "safetensors-mmap": {},
    "safetensors-pread": {},
    "fastsafetensors-nogds": {"threads": 3, "direct": "off"},
    "fastsafetensors-gds": {"threads": 3},
    "runai-streamer": {"concurrency": 4, "strategy": "sync_buffered"},
    "tensorizer": {"threads": 2},
}
PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)


def by_language(made: list[Recipe], language: str) -> list[Recipe]:
    return [recipe for recipe in made if recipe.language == language and recipe.lines]


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
@pytest.mark.parametrize("loader", SETTINGS)
@given(path=PATHS)
@example(path=HOSTILE)
@example(path="'")
@example(path="-rf")
@example(path="~root")
@example(path="a`b`\\")
@example(path="x\n```\nrm -rf /\n")
@example(path="\x1b]0;title\x07")
@example(path="\u202e")
@example(path="model.safetensors")
def test_a_path_stays_a_path(loader: str, device: str, path: str) -> None:
    of = case(loader, tunables=SETTINGS[loader], device=device)
    if not path.isprintable():
        with pytest.raises(UsageError, match="cannot be pasted"):
            recipes(of, path)
        with pytest.raises(UsageError, match="cannot be pasted"):
            sweep_again([of], path, LOADERS)
        return
    made = [*recipes(of, path), sweep_again([of], path, LOADERS)]
    assert all(line.isprintable() and not line.startswith("`") for recipe in made for line in recipe.lines)
    for recipe in by_language(made, "python"):
        tree = ast.parse("\n".join(recipe.lines))
        assert path in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        known = {"json", "os", "torch", "pathlib", "safetensors.torch", "fastsafetensors", "runai_model_streamer"}
        assert imported(tree) <= known | {"tensorizer"}
    for recipe in by_language(made, "sh"):
        for line in recipe.lines:
            words = shlex.split(line)
            if words[0] == "export":
                continue
            expected = f"./{path}" if path.startswith(("-", "~")) else path
            places = [word for word in words if PurePosixPath(word) == PurePosixPath(expected)]
            if path.endswith(".safetensors") and "loadbench" not in words:
                places = [word for word in words if PurePosixPath(word) == PurePosixPath(expected).parent]
            assert places, words
            extra = (
                words[words.index("--model-loader-extra-config") + 1]
                if "--model-loader-extra-config" in words
                else "{}"
            )
            assert isinstance(json.loads(extra), dict)
    for recipe in by_language(made, "json"):
        assert set(json.loads("\n".join(recipe.lines))) == {"loader", "base"}


def imported(tree: ast.AST) -> set[str]:
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@given(
    loader=st.sampled_from(sorted(SETTINGS)),
    name=st.sampled_from(["threads", "buffer", "direct", "concurrency", "strategy", "verify_hash", "x'; import os"]),
    value=st.one_of(st.text(max_size=20), st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.floats()),
)
@example(loader="fastsafetensors-nogds", name="threads", value="8); import os; os.system('x'")
@example(loader="fastsafetensors-nogds", name="threads", value=True)
@example(loader="runai-streamer", name="strategy", value="x'; touch y")
def test_a_setting_is_one_that_the_loader_has_or_nothing_is_made(loader: str, name: str, value: Value) -> None:
    of = case(loader, tunables={name: value})
    try:
        made = recipes(of, "/models/x")
    except UsageError:
        return
    assert name.isidentifier()
    for recipe in by_language(list(made), "python"):
        literals = [
            node.value for node in ast.walk(ast.parse("\n".join(recipe.lines))) if isinstance(node, ast.Constant)
        ]
        assert not isinstance(value, float)
        assert name == "buffer" or value in literals or str(value) in literals or value in ("auto", "on", "off")


@given(loader=PATHS, tunable=PATHS, value=PATHS, device=PATHS)
def test_a_sweep_stays_one_command(loader: str, tunable: str, value: str, device: str) -> None:
    of = case(loader, tunables={tunable: value}, device=device)
    texts = (loader, tunable, value, device)
    if not all(text.isprintable() for text in texts):
        with pytest.raises(UsageError, match="cannot be pasted"):
            sweep_again([of], "/models/x", {})
        return
    (line,) = sweep_again([of], "/models/x", {}).lines
    words = shlex.split(line)
    assert words[:4] == ["loadbench", "sweep", "/models/x", "--loader"]
    assert words[4:7] == [loader, "--set", f"{loader}.{tunable}={value}"]
    assert words[-2:] == ["--rounds", "20"]


def test_a_device_that_is_none_is_an_error() -> None:
    with pytest.raises(UsageError, match="unknown device"):
        recipes(case("safetensors-mmap", device="cuda:0'; touch x"), "/models/x")
