"""What the topics report about one run, event by event. Pure; `api.model.job` makes the job document of it."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from api.model.pace import Pace, go_on
from api.model.types import Json
from tablewatch_schemas import (
    CropReady,
    FrameExtracted,
    HazardAlert,
    HazardCandidate,
    TableEvidence,
    TableState,
    UploadRefused,
    VideoProgress,
    VideoProgressGap,
    VideoProgressStorage,
    VideoRejected,
    VideoUploaded,
    keys,
)
from tablewatch_schemas.times import read_time, to_ms, write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Everything reported about one run so far; stored as JSON by field name (`videos.facts`).

    Applying an event twice, or an older one late, changes nothing.
    """

    video: Json | None = None
    uploaded_ms: int | None = None
    refusal: Json | None = None
    no_room: Json | None = None
    sequence: int = -1
    attempt: int = 0
    extract: str | None = None
    stage: str | None = None
    percent: float = 0.0
    published: int = 0
    expected: int | None = None
    media_ms: int | None = None
    frames_ended: bool = False
    failure: Json | None = None
    gaps: tuple[Json, ...] = ()
    thumb_first: str | None = None
    thumb_best: str | None = None
    storage: Json | None = None
    waiting: Json | None = None
    cropped: int = 0
    crops_ended: bool = False
    classified: int = 0
    judgement_key: str | None = None
    tables_ended: tuple[str, ...] = ()
    watched: int = 0
    hazards_ended: bool = False
    cancelled: bool = False
    began_ms: int | None = None
    began_percent: float = 0.0
    heard_ms: int | None = None
    tables_pace: Pace | None = None
    hazards_pace: Pace | None = None
    furthest_extract: float = 0.0
    furthest_tables: float = 0.0
    furthest_hazards: float = 0.0
    updated_at: datetime | None = None

    def to_json(self) -> Json:
        """JSON values; `from_json` reads them back."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {"updated_at": None if self.updated_at is None else write_time(self.updated_at)}

    def cancel(self, time: datetime) -> "RunFacts":
        """Cancelled for good: no later event changes that."""
        return replace(self, cancelled=True, updated_at=time)

    @classmethod
    def from_json(cls, data: Json) -> "RunFacts":
        """RunFacts that any version stored; members that this version does not have are left out."""
        names = {each.name for each in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name in names
        }
        updated = values.get("updated_at")
        values["updated_at"] = None if updated is None else read_time(updated)
        return cls(**values)


RunEvent = (
    VideoUploaded
    | VideoRejected
    | UploadRefused
    | VideoProgress
    | FrameExtracted
    | CropReady
    | HazardCandidate
    | TableEvidence
    | TableState
    | HazardAlert
)


def apply_event(facts: RunFacts, event: RunEvent, time: datetime) -> RunFacts:
    """The facts after an event of the run; `time` is when the event was made."""
    after = _furthest(_apply(facts, event, time))
    if after == facts:
        return facts
    newest = time if facts.updated_at is None else max(time, facts.updated_at)
    return replace(after, updated_at=newest)


def video_document(facts: RunFacts) -> Json | None:
    """The file as the job document shows it. Its duration is what extraction read, as soon as that is known: admission
    reads the first recording of a file only, and what its header declares."""
    if facts.video is None or facts.media_ms is None:
        return facts.video
    return facts.video | {"duration_ms": facts.media_ms}


def extract_share(facts: RunFacts) -> float:
    """Share of the media time that is decoded, 0 to 1."""
    return max(facts.furthest_extract, facts.percent / 100)


def tables_share(facts: RunFacts) -> float:
    """Share of the expected frames whose crops are classified, or were given up."""
    return max(facts.furthest_tables, _share(facts.classified, facts))


def hazards_share(facts: RunFacts) -> float:
    """Share of the expected frames that the detector has inspected."""
    return max(facts.furthest_hazards, _share(facts.watched, facts))


def _share(seen: int, facts: RunFacts) -> float:
    """Of the expected frames; without a count, of the published ones by the share that is decoded."""
    if facts.expected:
        return min(seen / facts.expected, 1.0)
    return min(seen / facts.published, 1.0) * facts.percent / 100 if facts.published else 0.0


def _furthest(facts: RunFacts) -> RunFacts:
    """What was shown stays: a retry decodes a segment again, and the number of expected frames may rise."""
    return replace(
        facts,
        furthest_extract=extract_share(facts),
        furthest_tables=tables_share(facts),
        furthest_hazards=hazards_share(facts),
    )


def _apply(facts: RunFacts, event: RunEvent, time: datetime) -> RunFacts:
    match event:
        case VideoUploaded():
            return facts if facts.video else replace(facts, video=_video(event), uploaded_ms=to_ms(event.uploaded_at))
        case VideoRejected():
            return facts if facts.refusal else replace(facts, refusal=_error(event.code, event.reason, event.retryable))
        case UploadRefused():
            return replace(facts, no_room={"code": event.code, "reason": event.reason})
        case VideoProgress():
            return _progress(facts, event) if event.sequence > facts.sequence else facts
        case CropReady():
            seen = max(facts.cropped, 0 if event.index is None else event.index + 1)
            facts = replace(facts, cropped=seen, crops_ended=facts.crops_ended or event.last)
            # Without crops there is nothing to classify, once everything before it is
            skipped = event.crops_key is None and event.index == facts.classified
            return _classified(facts, seen, time) if skipped else facts
        case TableEvidence():
            return _classified(_judged(facts, event), _index(event.frame_id or "") + 1, time)
        case HazardCandidate():
            seen = max(facts.watched, _index(event.frame_id) + 1)
            if seen == facts.watched:
                return facts
            return replace(
                facts, watched=seen, hazards_pace=go_on(facts.hazards_pace, to_ms(time), seen, facts.expected)
            )
        case TableState():
            return _table_ended(facts, event.table_id) if event.last else facts
        case HazardAlert():
            return replace(facts, hazards_ended=True) if event.status == "ended" else facts
        case FrameExtracted():
            return replace(facts, frames_ended=True) if event.last else facts


def _judged(facts: RunFacts, event: TableEvidence) -> RunFacts:
    """With the newest judgement of the run that evidence names. Keys of a run are in the order of its frames."""
    key = event.judgement_key or ""
    if key <= (facts.judgement_key or "") or not event.site_id or not event.run_id:
        return facts
    ours = key.startswith(keys.judgements_prefix(event.site_id, event.run_id))
    return replace(facts, judgement_key=key) if ours else facts


def _classified(facts: RunFacts, seen: int, time: datetime) -> RunFacts:
    if seen <= facts.classified:
        return facts
    return replace(facts, classified=seen, tables_pace=go_on(facts.tables_pace, to_ms(time), seen, facts.expected))


def _progress(facts: RunFacts, event: VideoProgress) -> RunFacts:
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
        media_ms=facts.media_ms if event.media_ms_total is None else event.media_ms_total,
        failure=None if error is None else _error(error.code, error.reason, error.retryable),
        gaps=tuple(_gap(gap) for gap in event.gaps),
        thumb_first=event.thumbnails.first or facts.thumb_first,
        thumb_best=event.thumbnails.best or facts.thumb_best,
        storage=facts.storage if event.storage is None else _storage(event.storage),
        waiting=None if event.waiting is None else {"code": event.waiting.code, "reason": event.waiting.reason},
        **_rate(facts, event),
    )


def _rate(facts: RunFacts, event: VideoProgress) -> dict[str, Any]:
    """When this attempt began to decode, at which percentage, and when it last reported: what the ETA is made of."""
    now = to_ms(event.updated_at)
    if event.status != "processing":
        return {"began_ms": None, "began_percent": 0.0, "heard_ms": None}
    if facts.began_ms is None or event.attempt != facts.attempt:
        paces = {"tables_pace": None, "hazards_pace": None} if facts.attempt and event.attempt != facts.attempt else {}
        return {"began_ms": now, "began_percent": event.percent, "heard_ms": now, **paces}
    return {"heard_ms": now}


def _table_ended(facts: RunFacts, table_id: str) -> RunFacts:
    return replace(facts, tables_ended=tuple(sorted({*facts.tables_ended, table_id})))


def _video(event: VideoUploaded) -> Json:
    names = (
        *("duration_ms", "fps", "codec", "width", "height", "size_bytes", "container", "sha256", "rotation_degrees"),
        *("video_track", "video_tracks"),
    )
    facts = {name: getattr(event, name) for name in names}
    return facts | {"mirrored": bool(event.mirrored), "transfer": event.transfer}


def _storage(storage: VideoProgressStorage) -> Json:
    return {name: getattr(storage, name) for name in ("frames_bytes", "crops_bytes", "reserved_bytes")}


def _gap(gap: VideoProgressGap) -> Json:
    fields = {"from_ms": gap.from_ms, "to_ms": gap.to_ms, "code": gap.code}
    return fields if gap.bytes is None else fields | {"bytes": gap.bytes}


def _error(code: str, reason: str, retryable: bool) -> Json:
    return {"code": code, "reason": reason, "retryable": retryable}


def _index(frame_id: str) -> int:
    """Index of a run's frame from its id `{run_id}-{index:09d}`; -1 of any other id."""
    tail = frame_id.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else -1
