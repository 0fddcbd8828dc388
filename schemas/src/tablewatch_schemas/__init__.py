"""Typed events of tablewatch's Kafka topics: decode a record to an event, encode an event to a record."""

from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.events import *  # noqa: F403
from tablewatch_schemas.events import __all__ as _events
from tablewatch_schemas.ids import about, new_id
from tablewatch_schemas.times import from_ms, to_ms
from tablewatch_schemas.topic_info import TopicInfo, dlq_name
from tablewatch_schemas.topics import TOPICS
from tablewatch_schemas.wire import (
    Encoded,
    Received,
    decode,
    decode_as,
    encode,
    event_id,
    from_json,
    replace,
    to_json,
    tombstone,
)

__all__ = [
    "TOPICS",
    "ContractError",
    "Encoded",
    "Received",
    "TopicInfo",
    "about",
    "decode",
    "decode_as",
    "dlq_name",
    "encode",
    "event_id",
    "from_json",
    "from_ms",
    "new_id",
    "replace",
    "to_json",
    "to_ms",
    "tombstone",
    *_events,
]
