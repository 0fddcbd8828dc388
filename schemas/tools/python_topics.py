"""Writes `tablewatch_schemas/topics.py`: the facts of each topic, with its key and lane as plain functions."""

import re

from schemas.tools.model import Field, Topic
from schemas.tools.python_events import snake

_HEAD = '''"""Made by schemas/generate.py from schemas/<topic>/topic.yaml; do not edit."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tablewatch_schemas import events
from tablewatch_schemas.topic_info import TopicInfo
'''


def render(topics: list[Topic]) -> str:
    """The module's source, before formatting."""
    parts = [_HEAD, *(_route(topic) for topic in topics)]
    rows = "\n".join(f'        "{topic.name}": {_info(topic)},' for topic in topics)
    parts.append(f"TOPICS: Mapping[str, TopicInfo] = MappingProxyType(\n    {{\n{rows}\n    }}\n)\n")
    return "\n\n".join(parts)


def _route(topic: Topic) -> str:
    """A function from event to (key, lane); key None where a part of it is null."""
    key, lane = topic.about["key"], topic.about["lane"]
    lines = [f"def route_{topic.function}(event: events.{topic.shape.name}) -> tuple[str | None, str]:"]
    lines.append(f'    """Key and lane of a record of {topic.name}."""')
    if lane == "auto":
        live, run = _key(topic, key["live"]), _key(topic, key["run"])
        if live == run:
            lines.append(f'    return {live}, "live" if event.run_id is None else "run"')
        else:
            lines += ["    if event.run_id is None:", f'        return {live}, "live"', f'    return {run}, "run"']
    else:
        lines.append(f'    return {_key(topic, key[lane])}, "{lane}"')
    return "\n".join(lines) + "\n"


def _key(topic: Topic, template: str) -> str:
    fields = {each.name: each for each in topic.shape.fields}
    names = re.findall(r"{(\w+)}", template)
    if template == f"{{{names[0]}}}":
        return f"event.{names[0]}"
    text = 'f"' + re.sub(r"{(\w+)}", r"{event.\1}", template) + '"'
    nullable = [name for name in names if name != "run_id" and _nullable(fields[name])]
    missing = " or ".join(f"event.{name} is None" for name in nullable)
    return f"(None if {missing} else {text})" if missing else text


def _nullable(field: Field) -> bool:
    return field.optional


def _info(topic: Topic) -> str:
    about = topic.about
    values = {
        "name": topic.name,
        "title": about["title"],
        "description": about["description"],
        "owner": about["owner"],
        "producers": tuple(about["producers"]),
        "consumers": tuple(about["consumers"]),
        "key_live": about["key"].get("live"),
        "key_run": about["key"].get("run"),
        "keyless": bool(about.get("keyless", False)),
        "identity": tuple(about["identity"]),
        "lane": about["lane"],
        "cleanup": about["cleanup"],
        "retention_hours": about["retention_hours"],
        "version_field": about["version_field"],
        "classification": about["classification"],
        "public": about["public"],
        "draft": about["draft"],
    }
    plain = ", ".join(f"{name}={value!r}" for name, value in values.items())
    name = snake(topic.shape.name)
    functions = f"wire=events.wire_{name}, utc=events.utc_{name}, route=route_{topic.function}"
    return f"TopicInfo({plain}, event_type=events.{topic.shape.name}, {functions},)"
