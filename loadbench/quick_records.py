"""Records read quickly, for reports of many trials: the fields of `Record` in objects of a quarter of the size.

`Record` alone says what a record is: the objects' types are made from it. A line that they do not take is read as a
`Record` proper, which takes it all the same or says what is wrong with it. Cases, settings and proofs that are written
alike are one object.
"""

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError

from loadbench.records import Record

_SHARED = ("case", "settings", "proof")
"""Fields whose values recur from trial to trial. Each distinct text is read once."""

Part = TypeVar("Part")


class QuickReader:
    """Reads the lines of one run."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_struct(Record)).decode
        fields = {name: Record.model_fields[name] for name in _SHARED}
        self._shared: list[tuple[str, dict[bytes, Any], Callable[[bytes], Any]]] = [
            (name, {}, TypeAdapter(cast(Any, field.annotation)).validate_json) for name, field in fields.items()
        ]

    def read(self, line: bytes) -> Record:
        """The record on a line: it has the fields of one, and no methods. A bad line is a `ValidationError`."""
        try:
            record = self._decode(line)
            for name, known, validate in self._shared:
                raw = getattr(record, name)
                if type(raw) is msgspec.Raw:  # else it is missing, and its default
                    text = bytes(raw)
                    if text not in known:
                        known[text] = validate(text)
                    setattr(record, name, known[text])
        except (msgspec.MsgspecError, ValidationError, UnicodeDecodeError, RecursionError):
            return Record.model_validate_json(line)
        return cast(Record, record)


@cache
def _struct(model: type[BaseModel]) -> type[msgspec.Struct]:
    """The same fields and properties, in a type without room for anything else."""
    fields: list[Any] = []
    for name, field in model.model_fields.items():
        if field.metadata:
            raise TypeError(f"{model.__name__}.{name}: constraints are not checked when records are read quickly")
        shared = model is Record and name in _SHARED
        kind = msgspec.Raw if shared else _kind(field.annotation)
        if field.is_required():
            fields.append((name, kind))
        elif field.default_factory is not None:
            fields.append((name, kind, msgspec.field(default_factory=cast(Callable[[], Any], field.default_factory))))
        else:
            fields.append((name, kind, field.default))
    properties = {name: value for name, value in vars(model).items() if isinstance(value, property)}
    return msgspec.defstruct(
        model.__name__, fields, namespace=properties, kw_only=True, forbid_unknown_fields=True, gc=False
    )


def _kind(annotation: Any) -> Any:
    """A field's type, with structs in the place of models."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _struct(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return Union[tuple(map(_kind, arguments))]  # noqa: UP007
    if origin in (list, dict):
        return origin[tuple(map(_kind, arguments))]
    if origin is Literal or annotation in (str, int, type(None)):
        return annotation
    raise TypeError(f"no quick reader for {annotation}")
