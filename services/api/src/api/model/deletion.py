"""Steps of the deletion of a video: which objects belong to it, when its rows go, when to sweep next. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tablewatch_schemas import keys

CLEAN_SWEEPS = 2
"""Sweeps in a row that find no object of another service, before the video counts as deleted."""
LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A video to be deleted: a row of `deletions`. `objects` counts what the sweeper removed itself."""

    video_id: str
    run_id: str
    site_id: str
    camera_id: str | None
    requested_at: datetime
    clean_sweeps: int
    objects: int
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOptions:
    """Times of the sweeper.

    `owners_s`: how long the other services have to delete their own objects. `late`: after the receipt, when the last
    sweep is due. `event_retention`, `history_retention`: of the event log and of the history of states.
    """

    every_s: float
    owners_s: float
    late: timedelta
    event_retention: timedelta
    history_retention: timedelta


def prefixes(deletion: Deletion) -> list[str]:
    """Prefixes of all object keys that other services write for the video. The manifest is the api's own."""
    site, run = deletion.site_id, deletion.run_id
    return [
        keys.original_prefix(site, deletion.video_id),
        keys.frames_prefix(site, run),
        keys.crops_prefix(site, run),
        keys.judgements_prefix(site, run),
        keys.thumbs_prefix(site, run),
    ]


def removes_objects(deletion: Deletion, now: datetime, options: SweepOptions) -> bool:
    """Whether the sweeper removes objects itself by now, instead of waiting for their owners."""
    waited_s = (now - deletion.requested_at).total_seconds()
    return deletion.deleted_at is not None or waited_s >= options.owners_s


def is_last_sweep(deletion: Deletion, left: int) -> bool:
    """Whether a sweep that found `left` objects is the last before the receipt, or a later one.

    The manifest is removed then and not before: until they are done, the other services look up the run in it.
    """
    return deletion.deleted_at is not None or (not left and deletion.clean_sweeps + 1 >= CLEAN_SWEEPS)


def after_sweep(
    deletion: Deletion, *, left: int, removed: int, now: datetime, options: SweepOptions
) -> tuple[Deletion, datetime]:
    """(the deletion, when its next sweep is due) after a sweep that found `left` objects of other services."""
    clean = deletion.clean_sweeps + 1 if not left else 0
    swept = replace(deletion, clean_sweeps=clean, objects=deletion.objects + removed)
    if swept.deleted_at is None and clean >= CLEAN_SWEEPS:
        return replace(swept, deleted_at=now), now + options.late
    waited_s = (now - deletion.requested_at).total_seconds()
    return swept, now + timedelta(seconds=min(max(options.every_s, waited_s / 4), LONGEST_PAUSE_S))
