"""Writes `schemas/asyncapi.yaml`: AsyncAPI 3.0, one channel a topic."""

from typing import Any

import yaml
from schemas.tools.broker import config
from schemas.tools.model import Topic

_HEAD = "# Made by schemas/generate.py; do not edit.\n"

_INTRODUCTION = """Events of tablewatch on Kafka. Values are JSON; a null value is a tombstone. Headers are
CloudEvents 1.0 binary mode. Ignore fields, enum values and headers that you do not know. Event ids are deterministic:
an effect applied once for each `ce_id` is applied once however often a record is delivered. On compacted topics ignore
a record with a lower version than you have. Topics carry all sites; whoever may see one site only uses the HTTP API."""

_HEADERS: dict[str, tuple[str, bool]] = {
    "content-type": ("`application/json`.", True),
    "ce_specversion": ("`1.0`.", True),
    "ce_id": ("The same for the same fact, however often it is sent.", True),
    "ce_source": ("`tablewatch/<service>`.", True),
    "ce_type": ("`tablewatch.<topic>.v1`; a breaking change gets another number.", True),
    "ce_time": ("When the record was made; RFC 3339, UTC, milliseconds. Not when the light was seen.", True),
    "ce_subject": ("The record's key.", False),
    "ce_correlationid": ("`ce_id` of the first record of the chain that this one belongs to.", False),
    "ce_causationid": ("`ce_id` of the record that this one was made from.", False),
    "ce_version": ("On compacted topics: version of the key, tombstones too.", False),
    "traceparent": ("W3C trace context.", False),
}


def render(topics: list[Topic]) -> str:
    """The YAML document."""
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "tablewatch", "version": "1.0.0", "description": _INTRODUCTION.replace("\n", " ")},
        "defaultContentType": "application/json",
        "servers": {
            "local": {"host": "127.0.0.1:8720", "protocol": "kafka", "description": "The stack of `make run`."}
        },
        "channels": {topic.function: _channel(topic) for topic in topics},
        "operations": {f"send_{topic.function}": _operation(topic) for topic in topics},
        "components": {
            "messages": {topic.shape.name: _message(topic) for topic in topics},
            "messageTraits": {"cloudevent": {"headers": _headers()}},
            "schemas": {topic.shape.name: _payload(topic.schema) for topic in topics},
        },
    }
    return _HEAD + yaml.dump(document, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    """Without anchors: shared parts are written out, as readers of the document expect."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _channel(topic: Topic) -> dict[str, Any]:
    settings = config(topic)
    kafka: dict[str, Any] = {"cleanup.policy": [settings["cleanup.policy"]]}
    kafka |= {name: value for name, value in settings.items() if name != "cleanup.policy"}
    return {
        "address": topic.name,
        "title": topic.shape.name,
        "description": _about(topic),
        "messages": {topic.shape.name: {"$ref": f"#/components/messages/{topic.shape.name}"}},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": kafka, "bindingVersion": "0.5.0"}},
        "x-key": topic.about["key"],
        "x-lane": topic.about["lane"],
        "x-identity": topic.about["identity"],
        "x-version-field": topic.about["version_field"],
        "x-draft": topic.about["draft"],
        "x-public": topic.about["public"],
        "x-owner": topic.about["owner"],
        "x-consumers": topic.about["consumers"],
        "x-classification": topic.about["classification"],
    }


def _about(topic: Topic) -> str:
    keys = sorted(set(topic.about["key"].values()))
    draft = " Draft: it may still change." if topic.about["draft"] else ""
    return f"{topic.about['description']} Key: {' or '.join(f'`{key}`' for key in keys)}.{draft}"


def _operation(topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{topic.function}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "summary": f"{' and '.join(topic.about['producers'])} writes {topic.name}.",
        "messages": [{"$ref": f"{channel}/messages/{topic.shape.name}"}],
    }


def _message(topic: Topic) -> dict[str, Any]:
    return {
        "name": f"tablewatch.{topic.name}.v1",
        "title": topic.shape.name,
        "summary": topic.about["description"],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"$ref": f"#/components/schemas/{topic.shape.name}"},
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": "0.5.0"}},
        "examples": [
            {"name": each["name"], "headers": each["headers"], "payload": each["value"]}
            for each in topic.examples
            if each["value"]
        ],
    }


def _key(topic: Topic) -> dict[str, Any]:
    """The record's key, with those of the examples. Order holds within a key."""
    templates = " or ".join(f"`{template}` ({lane})" for lane, template in topic.about["key"].items())
    keys = sorted({each["key"] for each in topic.examples if each["key"]})
    return {"type": "string", "description": f"{templates}. Order holds within a key.", "examples": keys}


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, (text, _) in _HEADERS.items()},
        "required": [name for name, (_, required) in _HEADERS.items() if required],
    }


def _payload(schema: dict[str, Any]) -> dict[str, Any]:
    """AsyncAPI's own schema dialect has every keyword that ours use, but takes no `$schema`."""
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id")}
