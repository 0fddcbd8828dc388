"""Which day of a camera is scored at night, and in which of its judgements. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from api.model.stored_frames import STEP_MS, captured_at, spread, step_prefix
from api.model.types import Json
from tablewatch_schemas import from_ms, keys, to_ms
from tablewatch_schemas.opening_hours import Hours, is_open, read_intervals

ENDS_AT = time(3)
"""By the clock of the site: most rooms are closed by then, and pictures of the day before are kept yet."""
DAY = timedelta(days=1)
KEPT = timedelta(days=400)
"""A year of days, and some weeks to compare with."""
MOST_STEPS = 40
TRIED_EVERY_MS = 6 * STEP_MS


class Day(NamedTuple):
    """A day of a site: `since` up to `until`, which is no part of it."""

    on: date
    since: datetime
    until: datetime


def newest_ended(zone: ZoneInfo, now: datetime) -> Day:
    """The newest day that has ended: from 03:00 to 03:00 by the clock of `zone`. One of before is never made up for."""
    today = now.astimezone(zone).date()
    ended = today if _begins(today, zone) <= now else today - DAY
    return Day(ended - DAY, _begins(ended - DAY, zone), _begins(ended, zone))


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, ENDS_AT, zone).astimezone(UTC)


def judgement_prefixes(camera: Json, hours: Json | None, day: Day) -> list[str]:
    """Prefixes of the keys of its judgements: of MOST_STEPS short times at most, evenly over those of the day in which
    `hours` are open (None: always), or of all of the day where it is looked at more rarely than that."""
    if max(camera["cadence_ms"], camera["look_every_ms"]) > STEP_MS:
        folders = (_key(camera, at).rpartition("/")[0] for at in (day.since, day.until))
        return [f"{folder}/" for folder in dict.fromkeys(folders)]
    tried = [from_ms(at) for at in range(to_ms(day.since), to_ms(day.until), TRIED_EVERY_MS)]
    return [step_prefix(_key(camera, at)) for at in spread(_while_open(tried, hours, camera["timezone"]), MOST_STEPS)]


def _while_open(moments: Sequence[datetime], week: Json | None, timezone: str) -> Sequence[datetime]:
    if week is None:
        return moments
    hours = Hours(ZoneInfo(timezone), read_intervals(week))
    return [each for each in moments if is_open(hours, each)]


def _key(camera: Json, at: datetime) -> str:
    return keys.live_judgement(camera["site_id"], camera["camera_id"], at)


def judgements_of(found: Iterable[str], day: Day, most: int) -> list[str]:
    """Of the keys that were found, those of judgements of the day: so many at most, evenly."""
    judgements = (key for key in found if not key.endswith(keys.look_beside(".json")))
    return spread([key for key in judgements if day.since <= captured_at(key) < day.until], most)
