"""Events to Kafka records and back: CloudEvents 1.0 binary mode, JSON values, null for a tombstone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid5

import orjson

from tablewatch_schemas.blame import blame
from tablewatch_schemas.contracts import schema, validator
from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.events import Event
from tablewatch_schemas.times import read_time, to_ms, write_time
from tablewatch_schemas.topic_info import TopicInfo
from tablewatch_schemas.topics import TOPICS

E = TypeVar("E")

# Fixed for ever: event ids are uuid5 under it.
_NAMESPACE = UUID("7c1d9f0e-5b1a-5c4e-9a53-0f6d2c3b8e11")
_FIXED = (("content-type", b"application/json"), ("ce_specversion", b"1.0"))

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A record ready to send. `partition` None: the partitioner decides by key and lane."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    lane: str
    partition: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[E]):
    """A record that was read; `event` None is a tombstone of `key`."""

    event: E | None
    topic: str
    key: str | None
    id: str
    source: str
    type: str
    time: datetime
    subject: str | None
    correlation_id: str
    causation_id: str | None
    traceparent: str | None
    version: int | None
    """Of the key, on compacted topics, tombstones too; a reader ignores a lower one than it has."""


def event_id(event: Event) -> str:
    """The same for the same topic and identity fields (topic.yaml), however often it is made."""
    info = TOPICS[event.TOPIC]
    return _event_id(info, info.write(event))


def encode(
    event: Event,
    *,
    source: str,
    time: datetime,
    cause: Received[Any] | None = None,
    traceparent: str | None = None,
    partition: int | None = None,
) -> Encoded:
    """The record of an event.

    `source` is `tablewatch/<service>`, `time` when it was made. Ids of causation, correlation and trace come from
    `cause`. Records of keyless topics whose key is null need a `partition`. Raises ContractError if the event is not
    valid (with jsonschema-rs installed: against the whole schema).
    """
    info = TOPICS[event.TOPIC]
    value = _values(info, event)
    validator(info.name)(value)
    key, lane = info.route(event)
    if key is None and not (info.keyless and partition is not None):
        raise ContractError("missing_key", f"{info.name}: its key {info.key_live or info.key_run} is null")
    version = value[info.version_field] if info.version_field else None
    headers = _headers(info, _event_id(info, value), source, time, key, version, cause, traceparent)
    return Encoded(
        topic=info.name,
        key=None if key is None else key.encode(),
        value=orjson.dumps(value),
        headers=headers,
        lane=lane,
        partition=partition,
    )


def tombstone(
    cls: type[Event], key: str, *, source: str, time: datetime, lane: str, version: int | None = None
) -> Encoded:
    """The record that deletes `key` from a compacted topic; `version` is above the last one of the key."""
    info = TOPICS[cls.TOPIC]
    mark = version if version is not None else to_ms(time)
    ident = str(uuid5(_NAMESPACE, f"{info.name}|v1|tombstone|{key}|{mark}"))
    headers = _headers(info, ident, source, time, key, version, None, None)
    return Encoded(topic=info.name, key=key.encode(), value=None, headers=headers, lane=lane)


def decode(topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Received[Event]:
    """A record of any topic of ours, tolerant of fields, enum values and headers it does not know.

    Raises ContractError (not_json, wrong_schema, unknown_version, unknown_topic, missing_header).
    """
    info = TOPICS.get(topic)
    if info is None:
        raise ContractError("unknown_topic", f"there is no topic {topic}")
    given = {name: data for name, data in headers if data is not None}
    _check_type(info, _text(given, "ce_type"))
    event = None if value is None else _parse(info, value)
    ident = _text(given, "ce_id")
    return Received(
        event=event,
        topic=topic,
        key=None if key is None else key.decode(errors="replace"),
        id=ident,
        source=_text(given, "ce_source"),
        type=info.ce_type,
        time=_time(given),
        subject=_maybe(given, "ce_subject"),
        correlation_id=_maybe(given, "ce_correlationid") or ident,
        causation_id=_maybe(given, "ce_causationid"),
        traceparent=_maybe(given, "traceparent"),
        version=_version(info, event, given),
    )


def decode_as(
    cls: type[E], key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> Received[E]:
    """As `decode`, for the topic of `cls` and typed as it."""
    received: Received[Any] = decode(cls.TOPIC, key, value, headers)  # type: ignore[attr-defined]
    return received


def _values(info: TopicInfo, event: Event) -> dict[str, Any]:
    try:
        return info.write(event)
    except (ValueError, AttributeError, TypeError) as error:
        raise ContractError("wrong_schema", f"{info.name}: {error}") from error


def _event_id(info: TopicInfo, value: dict[str, Any]) -> str:
    parts = orjson.dumps([value[name] for name in info.identity])
    return _uuid5(b"%s|v1|%s" % (info.name.encode(), parts))


def _uuid5(name: bytes) -> str:
    """`str(uuid.uuid5(_NAMESPACE, name))` in a third of the time, without a UUID on the way (RFC 9562, 5.5)."""
    digest = bytearray(sha1(_NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _headers(
    info: TopicInfo,
    ident: str,
    source: str,
    time: datetime,
    key: str | None,
    version: int | None,
    cause: Received[Any] | None,
    traceparent: str | None,
) -> Headers:
    correlation = cause.correlation_id if cause else ident
    made = [
        *_FIXED,
        ("ce_id", ident.encode()),
        ("ce_source", source.encode()),
        ("ce_type", info.ce_type.encode()),
        ("ce_time", write_time(time).encode()),
        ("ce_correlationid", correlation.encode()),
    ]
    trace = traceparent or (cause.traceparent if cause else None)
    optional = (
        ("ce_subject", key),
        ("ce_causationid", cause.id if cause else None),
        ("ce_version", None if version is None else str(version)),
        ("traceparent", trace),
    )
    made += [(name, text.encode()) for name, text in optional if text is not None]
    return tuple(made)


def _check_type(info: TopicInfo, given: str) -> None:
    if given == info.ce_type:
        return
    if given.startswith(f"tablewatch.{info.name}.v"):
        raise ContractError("unknown_version", f"{given} on {info.name}; this package reads v1")
    raise ContractError("wrong_schema", f"{given} on {info.name}")


def _parse(info: TopicInfo, value: bytes) -> Any:
    try:
        data = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise ContractError("not_json", f"{info.name}: {error}") from error
    try:
        return info.read(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        found = blame(schema(info.name), data) or str(error)
        raise ContractError("wrong_schema", f"{info.name}: {found}") from error


def _text(given: dict[str, bytes], name: str) -> str:
    if name not in given:
        raise ContractError("missing_header", f"no header {name}")
    return given[name].decode(errors="replace")


def _maybe(given: dict[str, bytes], name: str) -> str | None:
    data = given.get(name)
    return None if data is None else data.decode(errors="replace")


def _time(given: dict[str, bytes]) -> datetime:
    text = _text(given, "ce_time")
    try:
        return read_time(text)
    except ValueError as error:
        raise ContractError("missing_header", f"ce_time is no time: {text}") from error


def _version(info: TopicInfo, event: Any, given: dict[str, bytes]) -> int | None:
    if event is not None and info.version_field:
        version: int = getattr(event, info.version_field)
        return version
    text = _maybe(given, "ce_version")
    return int(text) if text and text.isdecimal() else None
