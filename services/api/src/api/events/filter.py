"""Which events and documents a client of the event stream wants. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from api.model.projections import SNAPSHOT_TOPICS, STREAM_TOPICS, topic_of
from api.model.site_events import SITE_DELETED, SiteEvent
from api.model.types import Json

if TYPE_CHECKING:
    Topic = str
else:
    Topic = Literal[STREAM_TOPICS]
"""A topic of the stream, for the OpenAPI document and its checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """None, and no topics, let everything through. Snapshots are filtered like events."""

    run_id: str | None = None
    camera_id: str | None = None
    table_id: str | None = None
    topics: frozenset[str] = frozenset()

    def wants(self, event: SiteEvent) -> bool:
        """Whether an event of the log passes. Its `camera_id` may name several cameras, separated by commas."""
        return event.type == SITE_DELETED or (
            self.run_id in (None, event.run_id)
            and (self.camera_id is None or self.camera_id in (event.camera_id or "").split(","))
            and self.table_id in (None, event.table_id)
            and self._wants_topic(topic_of(event.type))
        )

    def select(self, snapshot: Json) -> Json:
        """The snapshot with the documents that pass. A snapshot of one run is read as such: `run_id` is not asked."""
        return snapshot | {
            name: [each for each in snapshot[name] if self._wants_topic(topic) and self._wants_document(each)]
            for name, topic in SNAPSHOT_TOPICS.items()
        }

    def counts(self, selected: Json) -> Json:
        """Of a snapshot that was cut: `holds`, how many documents of each list, and `left_out` of the wanted lists."""
        left_out = selected["left_out"]
        return {
            "holds": {name: len(selected[name]) for name in SNAPSHOT_TOPICS},
            "left_out": {name: left_out[name] if self._wants_topic(of) else 0 for name, of in SNAPSHOT_TOPICS.items()},
        }

    def _wants_topic(self, topic: str) -> bool:
        return not self.topics or topic in self.topics

    def _wants_document(self, document: Json) -> bool:
        """A document that names no camera, or no table, passes the filter by it."""
        cameras = document.get("camera_ids", [document.get("camera_id", self.camera_id)])
        return (self.camera_id is None or self.camera_id in cameras) and (
            self.table_id is None or document.get("table_id", self.table_id) == self.table_id
        )


ALL = Filter()
