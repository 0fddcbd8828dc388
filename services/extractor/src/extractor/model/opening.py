"""Whether capture of a camera rests because its site is closed. Pure."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec.structs import asdict

from extractor.model.camera_status import Finding
from tablewatch_schemas.events import CameraConfigOpeningHours, SiteConfigOpeningHours
from tablewatch_schemas.opening_hours import Hours, is_open, next_change, read_intervals

OpeningHours = CameraConfigOpeningHours | SiteConfigOpeningHours

CODE = "outside_opening_hours"


def hours_of(configured: OpeningHours) -> Hours | None:
    """None where they cannot be read, or their zone is not known here: capture does not rest by what is not known."""
    try:
        return _read(configured)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


@lru_cache(maxsize=4096)
def _read(configured: OpeningHours) -> Hours:
    """What it raises is not kept: a file of zones that cannot be opened now may be opened later."""
    return Hours(ZoneInfo(configured.timezone), read_intervals(asdict(configured)))


def closed(of_camera: OpeningHours | None, of_site: OpeningHours | None, now: datetime) -> Finding | None:
    """Why it rests; None while it is open. The camera's own hours come before those of its site."""
    configured = of_camera if of_camera is not None else of_site
    hours = None if configured is None else hours_of(configured)
    if hours is None or is_open(hours, now):
        return None
    return Finding("paused", CODE, _sentence(hours, next_change(hours, now)))


def _sentence(hours: Hours, opens: datetime | None) -> str:
    if opens is None:
        return "The camera rests outside its opening hours."
    shown = opens.astimezone(hours.zone)
    return f"The camera rests outside its opening hours, until {shown:%Y-%m-%d %H:%M} ({hours.zone.key})."
