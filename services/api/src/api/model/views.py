"""The view of a camera or run: its newest judged frame as a document, and which frames are waited for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api.model.types import Json
from tablewatch_schemas.doubts import UNKNOWN_REASONS
from tablewatch_schemas.judgement import FrameJudgement

VIEW = "camera.view"
"""Type of the event. It is never in the log of a site: no id, no resumption."""
WATCHED = r"^(cam|run)_[A-Za-z0-9]{1,64}$"
WAIT_MS = 15_000
"""How long the judgement of a live frame is waited for: as long as the gateway may take with its default settings, and
a little more."""
MOST_WAITING = 64
FIRST_PAUSE_MS = 250
_OF_JUDGEMENT = ("site_id", "camera_id", "run_id", "video_id", "frame_id", "frame_key", "captured_at", "width",
                 "height", "layout_version", "model", "rule", "seen")  # fmt: skip


def view_document(judgement: FrameJudgement, labels: Mapping[str, str], url: str) -> Json:
    """What a page shows of it. `labels`: what people call the tables; `url` opens the picture."""
    found = judgement.to_dict()
    return (
        {name: found[name] for name in _OF_JUDGEMENT}
        | {"url": url}
        | {"tables": [_table(each, labels.get(each["table_id"])) for each in found["tables"]]}
    )


def _table(table: Json, label: str | None) -> Json:
    """`label` is the name of the table here, as in every document of the api; what was seen is its `verdict`."""
    reason = table["reason"]
    return {
        "table_id": table["table_id"],
        "label": label,
        "verdict": table["label"],
        "confidence": table["confidence"],
        "people": table["people"],
        "things": table["things"],
        "reason": reason,
        "reason_text": None if reason is None else UNKNOWN_REASONS.get(reason, UNKNOWN_REASONS["doubtful"]),
    }


@dataclass(frozen=True, slots=True)
class _Wait:
    """When a frame was heard of, and when its judgement is asked for next, ms."""

    since_ms: int
    next_ms: int


@dataclass(slots=True)
class WaitingFrames:
    """The frames of a camera whose judgement may come, by its key, oldest first.

    Many frames are never judged (gated, late, dropped), and nobody says so. Therefore each is asked for by itself, with
    pauses that grow with its age, and none stands in the way of another. At most MOST_WAITING: of more, every other one
    is passed over, so that a camera whose judgements come late is still seen to move.
    """

    frames: dict[str, _Wait] = field(default_factory=dict)

    def add(self, key: str, now_ms: int) -> None:
        """One more frame; one that is known changes nothing."""
        self.frames.setdefault(key, _Wait(now_ms, now_ms))
        if len(self.frames) > MOST_WAITING:
            self.frames = dict(list(self.frames.items())[::2])

    def due(self, now_ms: int) -> list[str]:
        """The keys to ask the store for now, newest first. Call `asked` or `found` with each answer."""
        return [key for key, wait in reversed(self.frames.items()) if wait.next_ms <= now_ms]

    def asked(self, key: str, now_ms: int) -> None:
        """There is no judgement yet. The last time is WAIT_MS after the frame was heard of."""
        wait = self.frames.get(key)
        if wait is None:
            return
        end_ms = wait.since_ms + WAIT_MS
        if now_ms >= end_ms:
            del self.frames[key]
        else:
            pause_ms = max(FIRST_PAUSE_MS, (now_ms - wait.since_ms) // 2)
            self.frames[key] = replace(wait, next_ms=min(now_ms + pause_ms, end_ms))

    def found(self, key: str) -> None:
        """Its judgement is there: nothing is waited for up to it, because frames are judged in order."""
        keys = list(self.frames)
        for each in keys[: keys.index(key) + 1] if key in self.frames else ():
            del self.frames[each]
