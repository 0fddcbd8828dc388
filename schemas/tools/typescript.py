"""Writes `web/src/generated/events.ts`: the types of the page."""

from schemas.tools.model import Field, Shape, Topic, shapes

_HEAD = """// Made by schemas/generate.py; do not edit.
// Unions of known enum values stay open: a reader must expect values that it does not know.

/** A string of which some values are known. */
export type Open<Known extends string> = Known | (string & {})

/** RFC 3339, UTC, millisecond precision. */
export type Time = string
"""

_TYPES = {"str": "string", "time": "Time", "int": "number", "number": "number", "bool": "boolean"}


def render(topics: list[Topic]) -> str:
    """The module's source."""
    parts = [_HEAD, *(_interface(shape) for topic in topics for shape in shapes(topic.shape))]
    rows = "\n".join(f"  '{topic.name}': {topic.shape.name}" for topic in topics)
    parts.append(f"/** The event of each topic. */\nexport interface Events {{\n{rows}\n}}\n")
    parts.append(_streamed(topics))
    return "\n".join(parts)


def _streamed(topics: list[Topic]) -> str:
    rows = "\n".join(f"  '{topic.name}'," for topic in topics if topic.about.get("streamed"))
    about = "/** Topics of the event stream; the end of a key is `<topic>.deleted`. */"
    return f"{about}\nexport const STREAMED = [\n{rows}\n] as const\n"


def _interface(shape: Shape) -> str:
    lines = [f"/** {shape.description} */", f"export interface {shape.name} {{"]
    for field in shape.fields:
        mark = "" if field.required else "?"
        lines += [f"  /** {field.description} */", f"  {field.name}{mark}: {_type(field)}"]
    return "\n".join([*lines, "}", ""])


def _type(field: Field) -> str:
    known = " | ".join(f"'{value}'" for value in field.enum if value is not None)
    if field.kind == "array" and field.item:
        item = _type(field.item)
        bare = f"({item})[]" if " " in item else f"{item}[]"
    elif field.shape:
        bare = field.shape.name
    else:
        bare = f"Open<{known}>" if known else _TYPES[field.kind]
    return bare + (" | null" if field.nullable else "")
