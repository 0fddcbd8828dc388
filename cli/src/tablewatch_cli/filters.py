"""Which records somebody wants to see: by key, by the ids in the value, by any field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

Wanted = Callable[[str | None, object], bool]


def wanted(key: str | None, fields: Iterable[tuple[str, str]]) -> Wanted:
    """A question put to (key, value) of a record; all conditions must hold."""
    asked = tuple(fields)

    def question(record_key: str | None, value: object) -> bool:
        return (key is None or record_key == key) and all(holds(value, path, text) for path, text in asked)

    return question


def holds(value: object, path: str, text: str) -> bool:
    """Whether a field is `text`: paths are dotted, a list holds it when one item does, null is the word null.

    `camera_id` finds it in `camera_ids` too, because a table is seen by several.
    """
    found = list(_at(value, path.split(".")))
    if path == "camera_id" and not found:
        found = list(_at(value, ["camera_ids"]))
    return any(_text(each) == text for each in found)


def parse(condition: str) -> tuple[str, str]:
    """`field=value`. Raises ValueError when it is not that."""
    path, separator, text = condition.partition("=")
    if not separator or not path:
        raise ValueError(f"{condition!r} is not field=value, e.g. state=dirty or model.name=coco-ssd")
    return path, text


def _at(value: object, path: list[str]) -> Iterable[object]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
