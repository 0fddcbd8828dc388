"""How a camera is, from when its pictures come, what they show, and why its last session ended. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from extractor.model.camera_failures import CameraFailed, NoPackets, PictureUnchanged, PlaylistStandsStill, SoundOnly
from extractor.model.camera_health import Trouble

Status = Literal["live", "degraded", "frozen", "dark", "blocked", "moved", "offline", "paused"]

LIVE_REASON = "Frames arrive on time."
STARTING_REASON = "The camera is being opened."
RESTING_REASON = "The camera has no source that is read."
DELETED_REASON = "The camera was deleted."
MISSED = 3
"""Times the cadence without a picture after which a camera is offline or frozen, and at least LEAST."""
LEAST = timedelta(seconds=10)
FEW_S = 5.0
"""Between two pictures, where they are asked for more often: so slow a camera is none that was set up to be."""
IN_A_ROW = 2
"""Waits for a picture that were too long, or sessions that ended because none came; of a camera that was frozen for
that reason one more is enough."""
FEW_PATIENCE = timedelta(seconds=30)
"""Without a picture of a camera that sends few."""
STEADY = 2
"""Pictures in a row that end a freeze: a single one may be all that comes."""
CONFIRM = timedelta(minutes=10)
"""A status that did not change is published again so often: who reads it sees that somebody still looks. Each is an
event of its site, so not more often."""
SILENT = (NoPackets, PictureUnchanged, PlaylistStandsStill, SoundOnly)
"""Failures of a camera that answers and plays: it is frozen rather than offline."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A status with its code, and the sentence that people read."""

    status: Status
    code: str | None
    reason: str


PAUSED = Finding("paused", "by_hand", "The camera was switched off by somebody.")
RESTING = Finding("offline", None, RESTING_REASON)
DELETED = Finding("offline", "removed", DELETED_REASON)
LIVE = Finding("live", None, LIVE_REASON)
STARTING = Finding("offline", None, STARTING_REASON)
FEW_PICTURES = Finding(
    "frozen", "few_pictures", "Pictures come seconds apart; restart the camera, or look for what slows its line."
)
FEW_PACKETS = Finding(
    "degraded", "few_packets", "The camera sends less than a picture a second; its frames are taken nonetheless."
)
UNSTORED = Finding("degraded", "not_stored", "Pictures come and are not stored: they are too old, or there is no room.")
SILENT_CODES = (FEW_PICTURES.code, *(each.code for each in SILENT))
TROUBLES: dict[Trouble, Finding] = {
    "same_picture": Finding(
        "frozen", "same_picture", "The picture does not change at all, as if it were an old one; restart the camera."
    ),
    "dark": Finding("dark", "dark", "The picture is too dark to see anybody; is the light off, or the lens covered?"),
    "blocked": Finding("blocked", "blocked", "Most of the view is covered; look what hangs or stands before the lens."),
    "moved": Finding(
        "moved", "moved", "The camera shows another view than it did; turn it back, or draw its tables anew."
    ),
}


@dataclass(frozen=True, slots=True)
class CameraStatusNow:
    """As it was published last. `since`: when this status began; `source_version`: of which source it is."""

    status: str
    reason: str
    since: datetime
    published_at: datetime
    code: str | None = None
    source_version: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a capture knows of its camera.

    `began`: when it was taken over, or its source changed. `pictured_at`: when the newest picture came; `unstored`:
    those since the last that became a frame. `plays`: a session is open and the camera plays; `played_at`: since when.
    `starved`: sessions in a row that ended because no more came. `steady`: pictures in a row without a long wait.
    `few`: waits for a picture in a row that were too long; `slow`: those with hardly a packet between the pictures.
    `closed`: why capture rests.
    `source_version`: of which source all this is.
    """

    began: datetime
    every: timedelta
    failure: CameraFailed | None = None
    pictured_at: datetime | None = None
    played_at: datetime | None = None
    plays: bool = False
    unstored: int = 0
    starved: int = 0
    steady: int = 2
    few: int = 0
    slow: int = 0
    trouble: Trouble | None = None
    closed: Finding | None = None
    source_version: int | None = None


def next_status(before: CameraStatusNow | None, seen: Seen, now: datetime) -> CameraStatusNow | None:
    """What is to be published now; None while there is nothing new and the last is not to be confirmed yet.

    A session that breaks and comes back between two frames is nobody's concern. Of another source the same status is
    news: whoever waits for a picture of it has no other sign.
    """
    found = find(before, seen, now)
    if found is None:
        return None
    if before is None or before.status != found.status:
        return CameraStatusNow(found.status, found.reason, now, now, found.code, seen.source_version)
    same = (before.reason, before.code, before.source_version) == (found.reason, found.code, seen.source_version)
    if not same or now - before.published_at >= CONFIRM:
        return replace(
            before, reason=found.reason, code=found.code, source_version=seen.source_version, published_at=now
        )
    return None


def find(before: CameraStatusNow | None, seen: Seen, now: datetime) -> Finding | None:
    """How the camera is; None: not known yet."""
    if seen.closed is not None:
        return seen.closed
    was_silent = before is not None and before.code in SILENT_CODES
    enough = 1 if was_silent else IN_A_ROW
    is_few = seen.few >= enough
    patience = max(FEW_PATIENCE if is_few else LEAST, MISSED * seen.every)
    if seen.pictured_at is not None and now - seen.pictured_at <= patience and seen.starved < enough:
        if is_few:
            return FEW_PICTURES
        return _silent(seen) if was_silent and seen.steady < STEADY else _pictured(seen, patience)
    is_known_bad = before is None or before.status in ("offline", "paused")
    waits_since = max(filter(None, (seen.pictured_at or seen.began, seen.played_at)))
    is_recent = now - waits_since <= patience and not seen.starved
    if is_recent and (seen.failure is None or not is_known_bad):
        return None  # just taken over, or just lost; of one that was offline the reason is news at once
    if seen.starved or isinstance(seen.failure, SILENT) or (seen.plays and seen.failure is None):
        return _silent(seen)
    return STARTING if seen.failure is None else Finding("offline", seen.failure.code, seen.failure.sentence)


def _pictured(seen: Seen, patience: timedelta) -> Finding:
    if seen.trouble is not None:
        return TROUBLES[seen.trouble]
    if seen.slow >= IN_A_ROW:
        return FEW_PACKETS
    if seen.unstored * seen.every >= patience:
        return UNSTORED
    return LIVE


def _silent(seen: Seen) -> Finding:
    failure = seen.failure if isinstance(seen.failure, SILENT) else NoPackets()
    return Finding("frozen", failure.code, failure.sentence)
