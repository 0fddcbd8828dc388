"""Writes `tablewatch_schemas/events.py`: dataclasses with readers and writers spelled out, no reflection."""

import textwrap

from schemas.tools.model import Field, Shape, Topic, shapes

_TYPES = {"str": "str", "time": "datetime", "int": "int", "number": "float", "bool": "bool"}

_HEAD = '''"""Made by schemas/generate.py from schemas/<topic>/v1.schema.json; do not edit.

One frozen dataclass for each topic and for each object inside. `read_*` makes one from parsed JSON and ignores fields
and enum values that it does not know; `write_*` makes the JSON values. Times are aware UTC `datetime`s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tablewatch_schemas.times import NUMBERS, STRINGS, read_time, write_time
'''


def render(topics: list[Topic]) -> str:
    """The module's source, before formatting."""
    parts = [_HEAD]
    for topic in topics:
        for shape in shapes(topic.shape):
            parts += [_dataclass(shape, topic if shape is topic.shape else None), _reader(shape), _writer(shape)]
    names = [topic.shape.name for topic in topics]
    parts.append("Event = " + " | ".join(names) + "\n")
    exported = {shape.name for topic in topics for shape in shapes(topic.shape)}
    parts.append(f"__all__ = {sorted({*exported, 'Event'})!r}\n")
    return "\n\n".join(parts)


def snake(name: str) -> str:
    """CropReadyCrop -> crop_ready_crop."""
    return "".join(("_" if at and char.isupper() else "") + char.lower() for at, char in enumerate(name))


def _dataclass(shape: Shape, topic: Topic | None) -> str:
    lines = [
        "@dataclass(frozen=True, slots=True, kw_only=True)",
        f"class {shape.name}:",
        _doc(shape.description, 4),
        "",
    ]
    if topic:
        lines += [f'    TOPIC: ClassVar[str] = "{topic.name}"', ""]
    for field in (each for each in shape.fields if each.required):
        lines += [f"    {field.name}: {_type(field)}", _doc(_about(field), 4)]
    for field in (each for each in shape.fields if not each.required):
        lines += [f"    {field.name}: {_type(field)} = None", _doc(_about(field), 4)]
    return "\n".join(lines) + "\n"


def _about(field: Field) -> str:
    known = [f"`{value}`" for value in (field.enum or (field.item.enum if field.item else ())) if value is not None]
    return field.description + (f" Known values: {', '.join(known)}." if known else "")


def _doc(text: str, indent: int) -> str:
    pad = " " * indent
    lines = textwrap.wrap(text.replace("\\", "\\\\"), 112 - indent) or [""]
    if len(lines) == 1:
        return f'{pad}"""{lines[0]}"""'
    return "\n".join([f'{pad}"""{lines[0]}', *(pad + line for line in lines[1:]), f'{pad}"""'])


def _type(field: Field) -> str:
    if field.kind == "array" and field.item:
        bare = f"tuple[{_type(field.item)}, ...]"
    elif field.shape:
        bare = field.shape.name
    else:
        bare = _TYPES[field.kind]
    return bare + (" | None" if field.optional else "")


def _reader(shape: Shape) -> str:
    name = f"read_{snake(shape.name)}"
    lines = [
        f"def {name}(data: dict[str, Any]) -> {shape.name}:",
        '    """Raises TypeError, KeyError or ValueError if `data` is not one."""',
    ]
    checks = [check for check in map(_check, shape.fields) if check]
    if checks:
        lines += ["    if not (", "        " + "\n        and ".join(checks), "    ):", "        raise TypeError"]
    lines.append(f"    return {shape.name}(")
    lines += [f"        {field.name}={_read(field)}," for field in shape.fields]
    return "\n".join([*lines, "    )"]) + "\n"


def _get(field: Field) -> str:
    return f'data["{field.name}"]' if field.required else f'data.get("{field.name}")'


def _check(field: Field) -> str:
    """An expression that is true when the value has the right JSON type; nested objects and times check themselves."""
    value = _get(field)
    bare = {
        "str": f"type({value}) is str",
        "int": f"type({value}) is int",
        "bool": f"type({value}) is bool",
        "number": f"type({value}) in NUMBERS",
        "array": f"type({value}) is list{_check_items(field, value)}",
    }.get(field.kind, "")
    if " and " in bare and field.optional:
        bare = f"({bare})"
    return f"({value} is None or {bare})" if bare and field.optional else bare


def _check_items(field: Field, value: str) -> str:
    known = {"str": "STRINGS", "number": "NUMBERS"}.get(field.item.kind if field.item else "")
    return f" and NUMBERS.issuperset(map(type, {value}))".replace("NUMBERS", known) if known else ""


def _read(field: Field) -> str:
    value = f'data["{field.name}"]'
    if field.kind == "time":
        bare = f"read_time({value})"
    elif field.shape:
        bare = f"read_{snake(field.shape.name)}({value})"
    elif field.kind == "array" and field.item and field.item.shape:
        bare = f"tuple([read_{snake(field.item.shape.name)}(each) for each in {value}])"
    elif field.kind == "array":
        bare = f"tuple({value})"
    else:
        return _get(field)
    return f"None if {_get(field)} is None else {bare}" if field.optional else bare


def _writer(shape: Shape) -> str:
    lines = [
        f"def write_{snake(shape.name)}(event: {shape.name}) -> dict[str, Any]:",
        f'    """JSON values of {shape.name}."""',
    ]
    lines.append("    return {")
    lines += [f'        "{field.name}": {_write(field)},' for field in shape.fields]
    return "\n".join([*lines, "    }"]) + "\n"


def _write(field: Field) -> str:
    value = f"event.{field.name}"
    if field.kind == "time":
        bare = f"write_time({value})"
    elif field.shape:
        bare = f"write_{snake(field.shape.name)}({value})"
    elif field.kind == "array" and field.item and field.item.shape:
        bare = f"[write_{snake(field.item.shape.name)}(each) for each in {value}]"
    elif field.kind == "array":
        bare = f"list({value})"
    else:
        return value
    return f"None if {value} is None else {bare}" if field.optional else bare
