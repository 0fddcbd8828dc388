"""`ETag` and `If-Match`: a change is refused when somebody else changed the resource meanwhile."""

import hashlib
import re
from typing import Annotated

import orjson
from fastapi import Header

from api.http.errors import VersionConflict
from api.model.types import Json

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="ETag as it was read: the change is made only if nothing changed since, else 412 version_conflict."
        " Without it the last one wins.",
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=1000, description="`*`: only if there is none yet, else 412."),
]


_HEALTH = re.compile(r'("camera-\d+)\.[0-9a-f]+"')


def camera_tag(version: int, status: Json | None = None) -> str:
    """Strong validator of a camera's document: the version of its configuration, and what its health is now."""
    health = "" if status is None else f".{hashlib.blake2b(orjson.dumps(status), digest_size=8).hexdigest()}"
    return f'"camera-{version}{health}"'


def of_configuration(if_match: str | None) -> str | None:
    """Tags of cameras without their health: a change of the configuration does not fail because the picture froze."""
    return None if if_match is None else _HEALTH.sub(r'\1"', if_match)


def site_tag(version: int) -> str:
    """Strong validator of a site's name and time zone."""
    return f'"site-{version}"'


def plan_tag(version: int) -> str:
    """Strong validator of a site's plan."""
    return f'"plan-{version}"'


def section_tag(version: int) -> str:
    """Strong validator of a section."""
    return f'"section-{version}"'


def layout_tag(version: int) -> str:
    """Strong validator of a layout."""
    return f'"layout-{version}"'


def check_preconditions(current: str | None, if_match: str | None, if_none_match: str | None = None) -> None:
    """RFC 9110, 13.1.1 and 13.1.2. `current` is the resource's tag, None if there is none. Raises VersionConflict."""
    if if_match is not None and not _names(if_match, current):
        raise _conflict("It was changed since you read it; read it again and repeat your change.", current)
    if if_none_match is not None and _names(if_none_match, current, weak=True):
        raise _conflict("There is one already; read it and change that.", current)


def _names(header: str, current: str | None, *, weak: bool = False) -> bool:
    """Whether a list of tags, or `*`, names the current one. If-Match compares strongly: W/ names nothing."""
    tags = [each.strip() for each in header.split(",")]
    if weak:
        tags = [each.removeprefix("W/") for each in tags]
    return current is not None and ("*" in tags or current in tags)


def _conflict(detail: str, current: str | None) -> VersionConflict:
    return VersionConflict(detail, headers={"ETag": current} if current else {})
