"""What the api makes of each topic that it reads.

The subscription, the read models, the event stream with its filters, the snapshot and the deletion of runs and sites
follow from PROJECTIONS. A new topic with a key is an entry here, and a migration with its database table. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.model import layout_hints
from api.model.states import as_of_now
from api.model.types import Json
from tablewatch_schemas import Received

GROUP = "api-projector"


def always(_event: Any) -> bool:
    """Every event."""
    return True


def never(_event: Any) -> bool:
    """No event."""
    return False


def is_last(event: Any) -> bool:
    """The last record of a run."""
    return bool(event.last)


def ends_run(event: Any) -> bool:
    """The alert that reports nothing but the end of a run."""
    return bool(event.status == "ended")


def is_of_frame(event: Any) -> bool:
    """Evidence that a frame was classified, need not be, or will not be."""
    return event.kind in ("verdict", "gated", "unavailable")


def is_alert(event: Any) -> bool:
    """An alert that people see."""
    return not ends_run(event)


def record_key(received: Received[Any]) -> str | None:
    """The key of the record."""
    return received.key


def group_key(received: Received[Any]) -> str | None:
    """Of a group of tables, whose records are keyed by site. A null value names no group: there is no tombstone."""
    group = received.event
    if group is None:
        return None
    return str(group.group_id) if group.run_id is None else f"{group.group_id}@{group.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """A database table with the newest record of each key.

    It has the columns `key_column`, `site_id`, `version`, `gone` and `document`, and `columns`: fields of the event
    that queries need. Where `run_id` is one of them, rows are deleted and shown with their run.

    `snapshot`: the list of the snapshot that the documents stand in, in `order` (SQL). `stored`: which events have a
    row. `at_time`: from a stored document to what readers are shown at a time. `history`: transitions are kept in
    `state_history`, and site events that only confirm a state replace each other.
    """

    table: str
    key_column: str
    snapshot: str
    order: str
    columns: tuple[str, ...] = ()
    key: Callable[[Received[Any]], str | None] = record_key
    stored: Callable[[Any], bool] = always
    at_time: Callable[[Json, datetime], Json] | None = None
    history: bool = False

    @property
    def of_runs(self) -> bool:
        """Whether there are rows of runs."""
        return "run_id" in self.columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What the projector makes of a topic; any of the first three.

    `job`: which events of a run change its job document. `run_rows`: the database table that has a row for each record
    of a run. `read_model`: the newest record of each key, which the event stream and the snapshot show. `runs_only`:
    records of the live lane are not even decoded, but for those with one of `live_marks` in their value.
    """

    job: Callable[[Any], bool] = never
    runs_only: bool = False
    live_marks: tuple[bytes, ...] = ()
    run_rows: str | None = None
    read_model: ReadModel | None = None

    def takes_live(self, value: bytes | None) -> bool:
        """Whether anything is made of a record of the live lane with this value."""
        return not self.runs_only or (value is not None and any(mark in value for mark in self.live_marks))


PROJECTIONS: dict[str, Projection] = {
    "video.uploaded": Projection(job=always),
    "video.rejected": Projection(job=always),
    "upload.refused": Projection(job=always),
    "video.progress": Projection(job=always),
    "frame.extracted": Projection(job=is_last, run_rows="frames"),
    "crop.ready": Projection(job=always, run_rows="crops"),
    "table.evidence": Projection(job=is_of_frame, runs_only=True, live_marks=layout_hints.MARKS),
    "table.state": Projection(
        job=is_last,
        read_model=ReadModel(
            table="states",
            key_column="state_key",
            columns=("table_id", "run_id", "camera_ids", "as_of", "expires_at"),
            snapshot="states",
            order="state_key",
            at_time=as_of_now,
            history=True,
        ),
    ),
    "hazard.candidate": Projection(job=always),
    "hazard.alert": Projection(
        job=ends_run,
        read_model=ReadModel(
            table="hazards",
            key_column="hazard_id",
            columns=("run_id", "camera_id", "status", "opened_at"),
            snapshot="hazards",
            order="opened_at DESC, hazard_id DESC",
            stored=is_alert,
        ),
    ),
    "camera.status": Projection(
        read_model=ReadModel(
            table="camera_statuses", key_column="camera_id", snapshot="cameras", order="camera_id"
        ),
    ),
    "camera.probe": Projection(
        read_model=ReadModel(table="probes", key_column="probe_id", snapshot="probes", order="probe_id DESC"),
    ),
    "table.group": Projection(
        read_model=ReadModel(
            table="table_groups",
            key_column="group_key",
            columns=("run_id",),
            snapshot="groups",
            order="group_key",
            key=group_key,
        ),
    ),
}  # fmt: skip

TOPICS_READ = tuple(PROJECTIONS)
READ_MODELS = {topic: each.read_model for topic, each in PROJECTIONS.items() if each.read_model is not None}
RUN_TABLES = tuple(
    dict.fromkeys(
        name
        for each in PROJECTIONS.values()
        for name in (each.run_rows, each.read_model.table if each.read_model and each.read_model.of_runs else None)
        if name is not None
    )
)
"""Tables whose rows go with their run."""

STREAM_TOPICS = ("video.job", "camera.config", "camera.state", *READ_MODELS)
"""What the event stream can be filtered by: the job documents, cameras and their states, and every read model."""
SNAPSHOT_TOPICS = {"videos": "video.job"} | {each.snapshot: topic for topic, each in READ_MODELS.items()}
"""The topic of each list of a snapshot."""
TOPIC_OF_END = {"video.deleted": "video.job", "camera.deleted": "camera.config"}


def concerns_job(event: Any) -> bool:
    """Whether an event of a run can change its job document."""
    return PROJECTIONS[event.TOPIC].job(event)


def topic_of(event_type: str) -> str:
    """The topic by which a site event is filtered; the end of something belongs to its topic."""
    return TOPIC_OF_END.get(event_type, event_type.removesuffix(".deleted"))
