"""The contents of a `topic.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from msgspec import convert, json


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicInfo:
    """One topic; `wire`, `utc` and `route` are its generated functions."""

    name: str
    title: str
    description: str
    owner: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    """Consumer groups."""
    key_live: str | None
    """Template of the record key on the live lane; None if it has none."""
    key_run: str | None
    keyless: bool
    """Whether some records go to a named partition without a key (ticks)."""
    identity: tuple[str, ...]
    """Fields that make the event id."""
    lane: str
    """live, run, or auto: run when run_id is set."""
    cleanup: str
    """delete or compact."""
    retention_hours: int | None
    version_field: str | None
    """On compacted topics: a reader ignores a record with a lower one than it has."""
    classification: str
    public: bool
    draft: bool
    event_type: type[Any]
    wire: Callable[[Any], Any]
    utc: Callable[[Any], bool]
    route: Callable[[Any], tuple[str | None, str]]

    @property
    def ce_type(self) -> str:
        """CloudEvents type of version 1."""
        return f"tablewatch.{self.name}.v1"

    def read(self, data: dict[str, Any]) -> Any:
        """The event of parsed JSON. Raises msgspec.ValidationError, which is a ValueError."""
        return convert(data, self.event_type)

    def write(self, event: Any) -> dict[str, Any]:
        """The JSON values of an event. Raises ValueError or AttributeError where a time is none."""
        values: dict[str, Any] = orjson.loads(json.encode(self.wire(event)))
        return values


def dlq_name(topic: str, group: str) -> str:
    """Dead-letter topic; it belongs to the consumer group that failed."""
    return f"{topic}.{group}.dlq"
