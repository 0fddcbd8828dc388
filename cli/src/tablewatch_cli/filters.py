"""Which records `tail` shows: by key, by the ids in the value, by any field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

RecordFilter = Callable[[str | None, object], bool]
"""Takes key and decoded value of a record."""


def record_filter(key: str | None, conditions: Iterable[tuple[str, str]]) -> RecordFilter:
    """All (path, text) conditions must hold, and the key when one is given."""
    wanted = tuple(conditions)

    def matches(record_key: str | None, value: object) -> bool:
        return (key is None or record_key == key) and all(holds(value, path, text) for path, text in wanted)

    return matches


def holds(value: object, path: str, text: str) -> bool:
    """Whether the field at a dotted path is `text`; a list holds it when one item does, null is the word null.

    `camera_id` is looked for in `camera_ids` too, because several cameras may see one table.
    """
    found = list(_at(value, path.split(".")))
    if path == "camera_id" and not found:
        found = list(_at(value, ["camera_ids"]))
    return any(_text(each) == text for each in found)


def parse(condition: str) -> tuple[str, str]:
    """(path, text) of `field=value`. Raises ValueError when it is not that."""
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
