"""What the topics say about a run, folded: pure. The job document is computed from it in `api.project.job`."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from tablewatch_schemas import (
    CropReady,
    FrameExtracted,
    HazardAlert,
    HazardCandidate,
    TableState,
    VideoProgress,
    VideoRejected,
    VideoUploaded,
)
from tablewatch_schemas.times import read_time, to_ms, write_time

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything told about one run so far. Applying an event twice, or an older one late, changes nothing."""

    video: Json | None = None
    uploaded_ms: int | None = None
    refusal: Json | None = None
    sequence: int = -1
    attempt: int = 0
    extract: str | None = None
    stage: str | None = None
    percent: float = 0.0
    published: int = 0
    expected: int | None = None
    frames_ended: bool = False
    failure: Json | None = None
    gaps: tuple[Json, ...] = ()
    thumb_first: str | None = None
    thumb_best: str | None = None
    cropped: int = 0
    crops_ended: bool = False
    tables_ended: tuple[str, ...] = ()
    watched: int = 0
    hazards_ended: bool = False
    cancelled: bool = False
    began_ms: int | None = None
    began_percent: float = 0.0
    heard_ms: int | None = None
    updated_at: datetime | None = None

    def to_json(self) -> Json:
        """JSON values; `from_json` makes the same facts of them."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return said | {"updated_at": None if self.updated_at is None else write_time(self.updated_at)}

    def cancel(self, time: datetime) -> "Facts":
        """Somebody asked to stop; nothing that comes later changes that."""
        return replace(self, cancelled=True, updated_at=time)

    @classmethod
    def from_json(cls, data: Json) -> "Facts":
        """Facts kept by this version or an older one; members that are not known any more are left out."""
        known = {each.name for each in fields(cls)}
        said: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name in known
        }
        updated = said.get("updated_at")
        said["updated_at"] = None if updated is None else read_time(updated)
        return cls(**said)


RunEvent = (
    VideoUploaded
    | VideoRejected
    | VideoProgress
    | FrameExtracted
    | CropReady
    | HazardCandidate
    | TableState
    | HazardAlert
)


def fold(facts: Facts, event: RunEvent, time: datetime) -> Facts:
    """The facts after an event of the run; `time` is when the event was made."""
    after = _apply(facts, event)
    if after == facts:
        return facts
    newest = time if facts.updated_at is None else max(time, facts.updated_at)
    return replace(after, updated_at=newest)


def _apply(facts: Facts, event: RunEvent) -> Facts:
    match event:
        case VideoUploaded():
            return facts if facts.video else replace(facts, video=_video(event), uploaded_ms=to_ms(event.uploaded_at))
        case VideoRejected():
            return facts if facts.refusal else replace(facts, refusal=_error(event.code, event.reason, event.retryable))
        case VideoProgress():
            return _progress(facts, event) if event.sequence > facts.sequence else facts
        case CropReady():
            seen = max(facts.cropped, 0 if event.index is None else event.index + 1)
            return replace(facts, cropped=seen, crops_ended=facts.crops_ended or event.last)
        case HazardCandidate():
            return replace(facts, watched=max(facts.watched, _index(event.frame_id) + 1))
        case TableState():
            return _table_ended(facts, event.table_id) if event.last else facts
        case HazardAlert():
            return replace(facts, hazards_ended=True) if event.status == "ended" else facts
        case FrameExtracted():
            return replace(facts, frames_ended=True) if event.last else facts


def _progress(facts: Facts, event: VideoProgress) -> Facts:
    error = event.error
    return replace(
        facts,
        sequence=event.sequence,
        attempt=event.attempt,
        extract=event.status,
        stage=event.stage,
        percent=event.percent,
        published=event.frames_published,
        expected=event.frames_expected,
        failure=None if error is None else _error(error.code, error.reason, error.retryable),
        gaps=tuple({"from_ms": gap.from_ms, "to_ms": gap.to_ms, "code": gap.code} for gap in event.gaps),
        thumb_first=event.thumbnails.first or facts.thumb_first,
        thumb_best=event.thumbnails.best or facts.thumb_best,
        **_pace(facts, event),
    )


def _pace(facts: Facts, event: VideoProgress) -> dict[str, Any]:
    """When this attempt began to decode, how far it was then, and when it was last heard of."""
    now = to_ms(event.updated_at)
    if event.status != "processing":
        return {"began_ms": None, "began_percent": 0.0, "heard_ms": None}
    if facts.began_ms is None or event.attempt != facts.attempt:
        return {"began_ms": now, "began_percent": event.percent, "heard_ms": now}
    return {"heard_ms": now}


def _table_ended(facts: Facts, table_id: str) -> Facts:
    return replace(facts, tables_ended=tuple(sorted({*facts.tables_ended, table_id})))


def _video(event: VideoUploaded) -> Json:
    names = ("duration_ms", "fps", "codec", "width", "height", "size_bytes", "container", "sha256", "rotation_degrees")
    return {name: getattr(event, name) for name in names}


def _error(code: str, reason: str, retryable: bool) -> Json:
    return {"code": code, "reason": reason, "retryable": retryable}


def _index(frame_id: str) -> int:
    """Index of a run's frame from its id `{run_id}-{index:09d}`; -1 of any other id."""
    tail = frame_id.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else -1
