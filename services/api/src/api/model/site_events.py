"""Entries of a site's event log, which server-sent events are made of. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

CAMERA_STATE = "camera.state"
SITE_DELETED = "site.deleted"
"""The last event of a site: every reader gets it, and no other follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSiteEvent:
    """An event to append to the log of its site.

    `document` is JSON. `key`: the state that it is about, where it is about one. `confirms`: it repeats what the log
    has of that key.
    """

    site_id: str
    type: str
    document: bytes
    run_id: str | None = None
    camera_id: str | None = None
    table_id: str | None = None
    key: str | None = None
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class SiteEvent:
    """A row of the log; `document` is JSON text."""

    site_id: str
    seq: int
    type: str
    run_id: str | None
    camera_id: str | None
    table_id: str | None
    document: str


def without_superseded(events: Sequence[NewSiteEvent]) -> list[NewSiteEvent]:
    """The events without those confirmations that another event of the same key follows."""
    newest = {event.key: number for number, event in enumerate(events)}
    return [event for number, event in enumerate(events) if not event.confirms or newest[event.key] == number]
