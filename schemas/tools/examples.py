"""Completes the examples: an optional field that an example lacks is null there, as our encoder writes it."""

import json
from pathlib import Path
from typing import Any

from schemas.tools.model import SCHEMAS, Shape, Topic


def paths(topic: Topic) -> dict[Path, str]:
    """Each example's file and its name in the topic."""
    folder = SCHEMAS / topic.name / "examples/v1"
    return {folder / f"{example['name']}.json": example["name"] for example in topic.examples}


def render(topic: Topic, name: str) -> str:
    """The text of one example."""
    example = next(each for each in topic.examples if each["name"] == name)
    content = {key: value for key, value in example.items() if key != "name"}
    if content["value"] is not None:
        content["value"] = _completed(topic.shape, content["value"])
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _completed(shape: Shape, value: dict[str, Any]) -> dict[str, Any]:
    """The same object with its fields in the order of the schema, and those that may be absent as null."""
    done: dict[str, Any] = {}
    for field in shape.fields:
        if field.name not in value and field.required:
            continue
        done[field.name] = value.get(field.name)
        if field.shape and done[field.name] is not None:
            done[field.name] = _completed(field.shape, done[field.name])
        elif field.item and field.item.shape and done[field.name] is not None:
            done[field.name] = [_completed(field.item.shape, each) for each in done[field.name]]
    return done | {key: more for key, more in value.items() if key not in done}
