"""A JSON Schema of ours as a msgspec type with all its limits: the check of a producer's bytes.

Only the keywords that our schemas use; a schema with another one is refused, so that none goes unchecked.
tests/contract/schemas/test_strict.py compares this check with a full JSON Schema validator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct
from msgspec.json import Decoder

# JSON Schema -> msgspec.Meta, where the value is the same.
_TEXT = {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"}
_NUMBER = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
}
_ITEMS = {"minItems": "min_length", "maxItems": "max_length"}
_SUPPORTED = {
    *("$schema", "$id", "title", "description", "type", "enum", "format", "items", "uniqueItems"),
    *("properties", "required", "additionalProperties", *_TEXT, *_NUMBER, *_ITEMS),
}


def strict_reader(schema: dict[str, Any]) -> Callable[[bytes], None]:
    """A function that raises msgspec.ValidationError on JSON that `schema` refuses, with the path of what is wrong.

    Raises ValueError if the schema has a keyword that this module does not support.
    """
    read = Decoder(_type(schema, "Record")).decode
    unique = tuple(name for name, each in schema["properties"].items() if each.get("uniqueItems"))

    def check(value: bytes) -> None:
        made = read(value)
        for name in unique:
            items = getattr(made, name)
            if len(set(items)) != len(items):
                raise ValueError(f"expected no item twice - at `$.{name}`")

    return check


def _type(schema: dict[str, Any], name: str) -> Any:
    if unknown := set(schema) - _SUPPORTED:
        raise ValueError(f"{name}: no strict reader for {sorted(unknown)}")
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return _either(_one(kind, schema, name) for kind in types)


def _one(kind: str, schema: dict[str, Any], name: str) -> Any:
    if kind == "null":
        return None
    if kind == "boolean":
        return bool
    if kind == "object":
        return _object(schema, name)
    if kind == "array":
        return _limited(GenericAlias(tuple, (_type(schema["items"], name + "Item"), ...)), schema, _ITEMS)
    if kind == "string":
        return Annotated[datetime, Meta(tz=True)] if "format" in schema else _limited(str, schema, _TEXT)
    if kind == "integer":
        return _limited(int, schema, _NUMBER)
    return _either(_limited(bare, schema, _NUMBER) for bare in (int, float))


def _either(kinds: Iterable[Any]) -> Any:
    return reduce(or_, kinds)


def _limited(bare: Any, schema: dict[str, Any], keywords: dict[str, str]) -> Any:
    limits = {ours: schema[theirs] for theirs, ours in keywords.items() if theirs in schema}
    return Annotated[bare, Meta(**limits)] if limits else bare


def _object(schema: dict[str, Any], name: str) -> type[Struct]:
    required = set(schema["required"])
    fields: list[Any] = [
        (each, kind) if each in required else (each, kind | UnsetType, UNSET)
        for each, inner in schema["properties"].items()
        for kind in [_type(inner, f"{name}{each.title()}")]
    ]
    return defstruct(name, fields, kw_only=True, gc=False)
