"""Sorting a batch of decoded records into what each read model has to take. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.project.fold import RunEvent
from chassis.records import Partition
from tablewatch_schemas import (
    TOPICS,
    CropReady,
    FrameExtracted,
    HazardAlert,
    HazardCandidate,
    Received,
    TableGroup,
    TableState,
    VideoProgress,
    VideoRejected,
    VideoUploaded,
)

TOPIC_NAMES = (
    "video.uploaded",
    "video.rejected",
    "video.progress",
    "frame.extracted",
    "crop.ready",
    "table.state",
    "hazard.candidate",
    "hazard.alert",
    "camera.status",
    "table.group",
)
GROUP = "api-projector"

# Topics that keep the newest record of a key, and the read model that holds it
KEYED: dict[str, str] = {
    "table.state": "states",
    "hazard.alert": "hazards",
    "camera.status": "camera_statuses",
    "table.group": "table_groups",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest record of a key in the batch; `event` None is a tombstone."""

    topic: str
    key: str
    version: int | None
    event: Any


@dataclass(slots=True)
class Batch:
    """What a batch of records comes to. Order within a run and within a key is the records' order."""

    offsets: dict[Partition, int] = field(default_factory=dict)
    run_events: dict[str, list[tuple[RunEvent, datetime]]] = field(default_factory=dict)
    frames: list[FrameExtracted] = field(default_factory=list)
    crops: list[CropReady] = field(default_factory=list)
    keyed: list[Newest] = field(default_factory=list)
    traces: dict[str, str] = field(default_factory=dict)
    records: int = 0

    def add(self, received: Received[Any]) -> None:
        """Take one record."""
        self.records += 1
        event = received.event
        if received.topic in KEYED:
            self._add_keyed(received)
        if isinstance(event, FrameExtracted) and event.run_id is not None and event.object_key is not None:
            self.frames.append(event)
        if isinstance(event, CropReady) and event.run_id is not None and event.crops_key is not None:
            self.crops.append(event)
        run_id: str | None = getattr(event, "run_id", None)
        if event is not None and run_id is not None and concerns_job(event):
            self.run_events.setdefault(run_id, []).append((event, received.time))
            if received.traceparent:
                self.traces[run_id] = received.traceparent[3:35]

    def _add_keyed(self, received: Received[Any]) -> None:
        key = record_key(received)
        if key is None:
            return
        self.keyed.append(Newest(topic=received.topic, key=key, version=received.version, event=received.event))

    @property
    def runs(self) -> list[str]:
        """Every run that the batch touches, sorted."""
        said = {frame.run_id for frame in self.frames if frame.run_id}
        said |= {crops.run_id for crops in self.crops if crops.run_id}
        said |= {run for each in self.keyed if (run := getattr(each.event, "run_id", None))}
        return sorted(said | set(self.run_events))


def concerns_job(event: Any) -> bool:
    """Whether an event of a run can change its job document."""
    match event:
        case VideoUploaded() | VideoRejected() | VideoProgress() | CropReady() | HazardCandidate():
            return True
        case TableState() | FrameExtracted():
            return event.last
        case HazardAlert():
            return event.status == "ended"
    return False


def record_key(received: Received[Any]) -> str | None:
    """What a read model keeps one row of: the record's key, but of a group the group itself."""
    event = received.event
    if isinstance(event, TableGroup):
        return event.group_id if event.run_id is None else f"{event.group_id}@{event.run_id}"
    if received.topic == "table.group":
        return None  # keyed by site, and not compacted: a null value says nothing
    return received.key


def document(event: Any) -> dict[str, Any]:
    """The JSON document of an event, as its topic has it."""
    return TOPICS[event.TOPIC].write(event)
