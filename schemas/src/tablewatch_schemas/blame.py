"""Finds the field that a record was refused for. Slow, and only for the text of the error."""

from __future__ import annotations

from typing import Any

from tablewatch_schemas.times import read_time

_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def blame(schema: dict[str, Any], value: Any, path: str = "") -> str | None:
    """`field: what is wrong`, or None. Looks at presence and types only, as tolerant readers do."""
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if type(value) not in {kind for name in allowed for kind in _PYTHON[name]}:
        return f"{path or 'the record'}: expected {' or '.join(allowed)}, got {type(value).__name__}"
    if isinstance(value, dict):
        return _blame_object(schema, value, path)
    if isinstance(value, list):
        found = (blame(schema["items"], each, f"{path}/{at}") for at, each in enumerate(value))
        return next((text for text in found if text), None)
    return _blame_time(value, path) if schema.get("format") == "date-time" and value is not None else None


def _blame_object(schema: dict[str, Any], value: dict[str, Any], path: str) -> str | None:
    for name, inner in schema["properties"].items():
        where = f"{path}/{name}" if path else name
        if name not in value:
            if name in schema["required"]:
                return f"{where}: missing"
        elif found := blame(inner, value[name], where):
            return found
    return None


def _blame_time(value: str, path: str) -> str | None:
    try:
        read_time(value)
    except (ValueError, OverflowError) as error:
        return f"{path}: {error}"
    return None
