"""Imports run one way, heavy libraries stay where they belong, and only cli prints or exits."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import loadbench

PACKAGE = Path(loadbench.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
ORDER = [
    "errors", "units", "records", "quick_records", "analysis", "loaders", "checkpoints", "machine", "probe", "trial",
    "sweep", "store", "published", "gate", "recipes", "report", "charts", "export", "dialects", "cli",
]  # fmt: skip
HEAVY = {
    "torch", "safetensors", "fastsafetensors", "runai_model_streamer", "tensorizer", "scipy", "numpy", "pandas",
    "matplotlib", "ruptures",
}  # fmt: skip
HEAVY_AT_THE_TOP = {"checkpoints": {"numpy"}, "charts": {"matplotlib"}}
"""Packages that are themselves imported only where they are needed, and what they may import."""


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, *, top_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    nodes = tree.body if top_only else list(ast.walk(tree))
    for node in nodes:
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    own = layer(path)
    if own in ("__init__", "__main__"):
        return
    for name in imports(path):
        if name.startswith("loadbench."):
            imported = name.split(".")[1]
            assert ORDER.index(imported) <= ORDER.index(own), f"{own} imports {imported}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_inside_functions(path: Path) -> None:
    if path.stem == "zygote":
        return  # to import them once for all trials is what it is for
    at_the_top = {name.split(".")[0] for name in imports(path, top_only=True)}
    assert not at_the_top & (HEAVY - HEAVY_AT_THE_TOP.get(layer(path), set()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_charts_import_matplotlib(path: Path) -> None:
    assert layer(path) == "charts" or "matplotlib" not in {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_cli_prints_or_exits(path: Path) -> None:
    if layer(path) in ("cli", "__main__"):
        return
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    assert not calls & {"print", "sys.exit", "exit"}
