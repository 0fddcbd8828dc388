"""What would break between a released contract and the current one. Pure: values in, sentences out.

Full compatibility, in both directions: old records must be valid now (history is reprocessed), and old readers must
understand new records. Two freedoms: readers ignore unknown fields and unknown enum values.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

# keyword -> which direction is tighter: a greater value (+1) or a smaller one (-1)
_LIMITS = {
    "minimum": 1,
    "exclusiveMinimum": 1,
    "minLength": 1,
    "minItems": 1,
    "minProperties": 1,
    "maximum": -1,
    "exclusiveMaximum": -1,
    "maxLength": -1,
    "maxItems": -1,
    "maxProperties": -1,
}
# Keywords whose every change is one: what was valid may not be, or means something else.
_FIXED = ("format", "pattern", "const", "multipleOf", "uniqueItems", "contentEncoding")


def compare(released: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """`field: what broke`, for two values of `compat.contract`."""
    found = [
        f"topic.yaml {name}: was {was!r}, is {current['topic'].get(name)!r}"
        for name, was in released["topic"].items()
        if current["topic"].get(name) != was
    ]
    if current["draft"] and not released["draft"]:
        found.append("topic.yaml draft: was released, is a draft again")
    if current["schema"].get("$id") != released["schema"].get("$id"):
        found.append(f"$id: was {released['schema'].get('$id')}, is {current['schema'].get('$id')}")
    return [*found, *_schema(released["schema"], current["schema"], "")]


def _schema(was: Schema, now: Schema, path: str) -> Iterator[str]:
    where = path or "the record"
    yield from _types(was, now, where)
    yield from _enum(was, now, where)
    yield from _limits(was, now, where)
    yield from _fixed(was, now, where)
    if _open(was) and not _open(now):
        yield f"{where}: additionalProperties closed"
    yield from _properties(was, now, path)
    if "items" in was and "items" in now:
        yield from _schema(was["items"], now["items"], f"{path}[]")
    elif "items" in now and "items" not in was:
        yield f"{where}: items constrained"


def _types(was: Schema, now: Schema, where: str) -> Iterator[str]:
    before, after = _type_set(was), _type_set(now)
    if "null" in before - after:
        yield f"{where}: null no longer allowed"
    if "null" in after - before:
        yield f"{where}: null newly allowed, which readers do not expect"
    before, after = before - {"null"}, after - {"null"}
    if before != after:
        yield f"{where}: type was {_names(before)}, is {_names(after)}"


def _enum(was: Schema, now: Schema, where: str) -> Iterator[str]:
    if "enum" not in now:
        return
    if "enum" not in was:
        yield f"{where}: enum newly demanded"
        return
    # A lost null is reported with the type.
    for value in was["enum"]:
        if value not in now["enum"] and value is not None:
            yield f"{where}: enum value {value!r} removed"


def _limits(was: Schema, now: Schema, where: str) -> Iterator[str]:
    for keyword, tighter in _LIMITS.items():
        before, after = was.get(keyword), now.get(keyword)
        if after is None or before == after:
            continue
        if before is None or (after - before) * tighter > 0:
            yield f"{where}: {keyword} tightened from {before} to {after}"


def _fixed(was: Schema, now: Schema, where: str) -> Iterator[str]:
    for keyword in _FIXED:
        if was.get(keyword) != now.get(keyword):
            yield f"{where}: {keyword} was {was.get(keyword)!r}, is {now.get(keyword)!r}"


def _properties(was: Schema, now: Schema, path: str) -> Iterator[str]:
    before, after = was.get("properties", {}), now.get("properties", {})
    for name, inner in before.items():
        where = f"{path}.{name}" if path else name
        if name not in after:
            yield f"{where}: removed or renamed"
        else:
            yield from _schema(inner, after[name], where)
    old, new = set(was.get("required", ())), set(now.get("required", ()))
    for name in sorted(new - old):
        yield f"{f'{path}.{name}' if path else name}: newly required"
    for name in sorted((old - new) & set(after)):
        yield f"{f'{path}.{name}' if path else name}: no longer required, which readers rely on"


def _open(schema: Schema) -> bool:
    return schema.get("additionalProperties", True) is True


def _type_set(schema: Schema) -> set[str]:
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _names(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "anything"
