"""The shapes of known models: every tensor's name, dtype and shape, from the specs in `shapes.json`."""

import ast
import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from loadbench.checkpoints.header import TensorEntry, tensor_bytes
from loadbench.checkpoints.uniform import UNIFORM, UNIFORM_PATTERN, incomplete, is_uniform, uniform_spec
from loadbench.errors import InternalError, UsageError, unknown_name

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
_FP8_BLOCK = 128
_SCALED = ("L", "V", "E")
"""Layers, vocabulary, experts: what a smaller checkpoint has fewer of. All other sizes stay true."""


@dataclass(frozen=True)
class Tensor:
    """A tensor that a model has, in no file yet."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Size in a file."""
        size = tensor_bytes(self.dtype, self.shape)
        if size is None:
            raise InternalError(f"{self.name}: {self.dtype} of shape {self.shape} does not fill whole bytes.")
        return size

    def at(self, begin: int) -> TensorEntry:
        """The tensor placed at a byte of a file's data."""
        return TensorEntry(self.name, self.dtype, self.shape, begin, begin + self.bytes)


def spec_names() -> tuple[str, ...]:
    """Names of the models in `shapes.json`."""
    return tuple(_models())


def known_models() -> tuple[str, ...]:
    """Every name that can be asked for, for people: the models', and how those of the uniform family are made."""
    return (*spec_names(), UNIFORM)


def spec_pattern() -> str:
    """A regular expression that matches the name of every spec, the longest first."""
    names = sorted(spec_names(), key=len, reverse=True)
    return "|".join([*(re.escape(name) for name in names), UNIFORM_PATTERN])


def unknown_model(name: str) -> UsageError:
    """The error for a name that is no model's: it lists the known ones, or says how a uniform model is named."""
    return incomplete(name) if is_uniform(name) else unknown_name("model", name, known_models())


def spec_of(name: str) -> Mapping[str, Any]:
    """A model's spec, as in `shapes.json`. An unknown name is a UsageError that lists the known ones."""
    if is_uniform(name):
        return uniform_spec(name)
    if name not in _models():
        raise unknown_model(name)
    spec: Mapping[str, Any] = _models()[name]
    return spec


@cache
def _models() -> dict[str, Any]:
    text = files("loadbench.checkpoints").joinpath("shapes.json").read_text("utf-8")
    models: dict[str, Any] = json.loads(text)["models"]
    return models


def reduced_params(spec: Mapping[str, Any], layers: int | None, scale: float | None) -> dict[str, int]:
    """A spec's sizes with fewer layers, or with layers, vocabulary and experts scaled (at least 1 of each)."""
    params: dict[str, int] = dict(spec["params"])
    if (layers is not None or scale is not None) and "L" not in params:
        raise UsageError("--layers and --scale are not possible: this model has no layers. Its name says its size.")
    if layers is not None:
        if not 1 <= layers <= params["L"]:
            raise UsageError(f"--layers {layers} is not possible: this model has 1 to {params['L']} layers.")
        params["L"] = layers
    if scale is not None:
        if not 0 < scale <= 1:
            raise UsageError(f"--scale {scale:g} is not possible: give a number above 0, at most 1.")
        params |= {key: max(1, round(params[key] * scale)) for key in _SCALED if key in params}
    if "DENSE" in params:
        params["DENSE"] = min(params["DENSE"], params["L"])
    return params


def expand(spec: Mapping[str, Any], params: Mapping[str, int]) -> list[Tensor]:
    """All tensors of a spec, in module order."""
    return list(_expand(spec["body"], params, spec.get("defs", {})))


def _expand(body: list[Any], sizes: Mapping[str, int], defs: Mapping[str, Any]) -> Iterator[Tensor]:
    for item in body:
        if "repeat" in item:
            for index in range(evaluate(item["from"], sizes), evaluate(item["to"], sizes)):
                yield from _expand(item["body"], {**sizes, item["repeat"]: index}, defs)
        elif "use" in item:
            yield from _expand(defs[item["use"]], sizes, defs)
        elif "fp8_block128" in item:
            name = item["fp8_block128"].format(**sizes)
            rows, columns = (evaluate(size, sizes) for size in item["shape"])
            yield Tensor(f"{name}.weight", "F8_E4M3", (rows, columns))
            yield Tensor(f"{name}.weight_scale_inv", "F32", (-(-rows // _FP8_BLOCK), -(-columns // _FP8_BLOCK)))
        else:
            shape = tuple(evaluate(size, sizes) for size in item["shape"])
            yield Tensor(item["t"].format(**sizes), item["dtype"], shape)


def evaluate(expression: int | str, names: Mapping[str, int]) -> int:
    """An integer, or an expression of integers and names with + - * //. Nothing else is evaluated."""
    if isinstance(expression, int):
        return expression
    try:
        return _evaluate(ast.parse(expression, mode="eval").body, names)
    except (SyntaxError, KeyError, ZeroDivisionError) as error:
        raise InternalError(f"'{expression}' in shapes.json is not an expression of {', '.join(names)}.") from error


def _evaluate(node: ast.expr, names: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return names[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluate(left, names), _evaluate(right, names))
    raise KeyError(ast.dump(node))
