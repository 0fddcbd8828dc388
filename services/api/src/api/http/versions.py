"""`ETag` and `If-Match`: whoever changes what somebody else changed in between is told, and changes nothing."""

from typing import Annotated

from fastapi import Header

from api.problems import Problem

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


def camera_tag(version: int) -> str:
    """Strong validator of a camera's configuration. Its health, which is shown with it, has no part in it."""
    return f'"camera-{version}"'


def site_tag(version: int) -> str:
    """Strong validator of a site's name and time zone."""
    return f'"site-{version}"'


def section_tag(version: int) -> str:
    """Strong validator of a section."""
    return f'"section-{version}"'


def layout_tag(version: int) -> str:
    """Strong validator of a layout."""
    return f'"layout-{version}"'


def check(current: str | None, if_match: str | None, if_none_match: str | None = None) -> None:
    """RFC 9110, 13.1.1 and 13.1.2. `current` is the tag of what is there, None for nothing. Raises version_conflict."""
    if if_match is not None and not _names(if_match, current):
        raise _conflict("It was changed since you read it; read it again and repeat your change.", current)
    if if_none_match is not None and _names(if_none_match, current, weak=True):
        raise _conflict("There is one already; read it and change that.", current)


def _names(header: str, current: str | None, *, weak: bool = False) -> bool:
    """Whether a list of tags, or `*`, names the current one. If-Match compares strongly: W/ names nothing."""
    said = [each.strip() for each in header.split(",")]
    if weak:
        said = [each.removeprefix("W/") for each in said]
    return current is not None and ("*" in said or current in said)


def _conflict(detail: str, current: str | None) -> Problem:
    return Problem("version_conflict", detail, headers={"ETag": current} if current else {})
