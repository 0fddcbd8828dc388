"""Writes `tablewatch_schemas/events.py`: msgspec Structs, and for each topic how its event goes onto the wire."""

import textwrap
from collections.abc import Iterator

from schemas.tools.model import Field, Shape, Topic, shapes

# A JSON number may be written without a fraction, and stays as it was written.
_TYPES = {"str": "str", "time": "Time", "int": "int", "number": "int | float", "bool": "bool"}

_HEAD = '''"""Made by schemas/generate.py from schemas/<topic>/v1.schema.json; do not edit.

One frozen msgspec Struct for each topic and for each object inside. Types only: a reader takes wider limits and enum
values that it does not know. `wire_*` makes what is encoded of an event (times as text, to the millisecond), `utc_*`
is whether all its times are in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from msgspec import {imports}

from tablewatch_schemas.times import write_time

Time = Annotated[datetime, Meta(tz=True)]
'''


def render(topics: list[Topic]) -> str:
    """The module's source, before formatting."""
    parts = []
    for topic in topics:
        for shape in shapes(topic.shape):
            parts.append(_struct(shape, topic if shape is topic.shape else None))
            if shape is topic.shape or not _plain(shape):
                parts.append(_wire(shape))
        parts.append(_utc(topic.shape))
    names = [topic.shape.name for topic in topics]
    parts.append("Event = " + " | ".join(names) + "\n")
    exported = {shape.name for topic in topics for shape in shapes(topic.shape)}
    parts.append(f"__all__ = {sorted({*exported, 'Event'})!r}\n")
    body = "\n\n".join(parts)
    unset = "UNSET, " if "UNSET" in body else ""
    return "\n\n".join([_HEAD.replace("{imports}", f"{unset}Meta, Struct, defstruct"), body])


def snake(name: str) -> str:
    """CropReadyCrop -> crop_ready_crop."""
    return "".join(("_" if at and char.isupper() else "") + char.lower() for at, char in enumerate(name))


def _struct(shape: Shape, topic: Topic | None) -> str:
    # Without gc: values are a tree of immutable ones, so that no cycle can come of them.
    lines = [f"class {shape.name}(Struct, frozen=True, kw_only=True, gc=False):", _doc(shape.description, 4), ""]
    if topic:
        lines += [f'    TOPIC: ClassVar[str] = "{topic.name}"', ""]
    for field in shape.fields:
        default = "" if field.required else " = None"
        lines += [f"    {field.name}: {_type(field)}{default}", _doc(_about(field), 4)]
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


def _plain(shape: Shape) -> bool:
    """Whether it is encoded as it is: no time in it, and nothing that is left out when it is None."""
    return all(
        field.kind != "time" and not _left_out(field) and (inner is None or _plain(inner))
        for field in shape.fields
        for inner in [_inner(field)]
    )


def _left_out(field: Field) -> bool:
    """An optional field that may not be null is absent when it is None."""
    return not field.required and not field.nullable


def _inner(field: Field) -> Shape | None:
    return field.shape or (field.item.shape if field.item else None)


def _wire(shape: Shape) -> str:
    """A record of any values, in the order of the schema, and the function that fills one."""
    name = snake(shape.name)
    names = [field.name for field in shape.fields]
    return "\n".join([
        f'_{shape.name}Wire: Any = defstruct("{shape.name}", {names!r}, gc=False)',
        "",
        "",
        f"def wire_{name}(event: {shape.name}) -> Any:",
        f'    """What is encoded of {shape.name}. Raises ValueError or AttributeError where a time is none."""',
        f"    return _{shape.name}Wire(",
        *(f"        {_written(field)}," for field in shape.fields),
        "    )",
        "",
    ])  # fmt: skip


def _written(field: Field) -> str:
    value = f"event.{field.name}"
    bare = _written_value(field, value)
    nothing = "UNSET" if _left_out(field) else "None"
    spared = bare == value and nothing == "None"
    return f"{nothing} if {value} is None else {bare}" if field.optional and not spared else bare


def _written_value(field: Field, value: str) -> str:
    if field.kind == "time":
        return f"write_time({value})"
    inner = _inner(field)
    if inner is None or _plain(inner):
        return value
    made = f"wire_{snake(inner.name)}"
    return f"{made}({value})" if field.shape else f"[{made}(each) for each in {value}]"


def _utc(shape: Shape) -> str:
    times = " and ".join(_utc_of(shape, "event")) or "True"
    return "\n".join([
        f"def utc_{snake(shape.name)}(event: {shape.name}) -> bool:",
        f'    """Whether every time of {shape.name} is in UTC."""',
        f"    return {times}",
        "",
    ])  # fmt: skip


def _utc_of(shape: Shape, value: str) -> Iterator[str]:
    for field in shape.fields:
        at = f"{value}.{field.name}"
        bare = " and ".join(_utc_parts(field, at))
        if bare:
            yield f"({at} is None or {bare})" if field.optional else bare


def _utc_parts(field: Field, at: str) -> Iterator[str]:
    if field.kind == "time":
        yield f"{at}.tzinfo is UTC"
    elif field.shape:
        yield from _utc_of(field.shape, at)
    elif field.item and field.item.shape:
        inner = " and ".join(_utc_of(field.item.shape, "each"))
        if inner:
            yield f"all({inner} for each in {at})"
