"""How far a camera has come, and what takes it from one state to another. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from api.model.capture import capture
from api.model.types import Json
from tablewatch_schemas.times import write_time

SEES = frozenset({"live", "verified", "degraded"})
"""Statuses of a camera whose pictures come and show something."""


class State(StrEnum):
    """How far a camera has come. Whether it is well now is its status."""

    DRAFT = "draft"  # registered; it was never switched on, or it has no source
    VERIFYING = "verifying"  # switched on; no good picture of this source yet
    VERIFIED = "verified"  # pictures come; no tables are drawn
    LIVE = "live"  # pictures come, and tables are drawn
    PAUSED = "paused"  # switched off by somebody after it was on


class Happening(StrEnum):
    """What may take a camera to another state."""

    SWITCHED_ON = "switched_on"
    SWITCHED_OFF = "switched_off"
    ADDRESS_CHANGED = "address_changed"
    SOURCE_REMOVED = "source_removed"
    TABLES_DRAWN = "tables_drawn"
    TABLES_REMOVED = "tables_removed"
    PICTURE = "picture"  # a good one, of a camera without tables
    PICTURE_OF_TABLES = "picture_of_tables"


_D, _V, _G, _L, _P = State.DRAFT, State.VERIFYING, State.VERIFIED, State.LIVE, State.PAUSED
_TRANSITIONS: dict[tuple[State, Happening], tuple[State, str]] = {
    (_D, Happening.SWITCHED_ON): (_V, "switched_on"),
    (_P, Happening.SWITCHED_ON): (_V, "resumed"),
    (_V, Happening.SWITCHED_OFF): (_P, "paused"),
    (_G, Happening.SWITCHED_OFF): (_P, "paused"),
    (_L, Happening.SWITCHED_OFF): (_P, "paused"),
    (_G, Happening.ADDRESS_CHANGED): (_V, "address_changed"),
    (_L, Happening.ADDRESS_CHANGED): (_V, "address_changed"),
    (_V, Happening.SOURCE_REMOVED): (_D, "source_removed"),
    (_G, Happening.SOURCE_REMOVED): (_D, "source_removed"),
    (_L, Happening.SOURCE_REMOVED): (_D, "source_removed"),
    (_P, Happening.SOURCE_REMOVED): (_D, "source_removed"),
    (_G, Happening.TABLES_DRAWN): (_L, "tables_drawn"),
    (_L, Happening.TABLES_REMOVED): (_G, "tables_removed"),
    # Only a camera that an api of before has added or switched on is a draft with pictures
    (_D, Happening.PICTURE): (_G, "first_picture"),
    (_D, Happening.PICTURE_OF_TABLES): (_L, "first_picture"),
    (_V, Happening.PICTURE): (_G, "first_picture"),
    (_V, Happening.PICTURE_OF_TABLES): (_L, "first_picture"),
    # Nor are its tables known here when an api of before drew or removed them
    (_G, Happening.PICTURE_OF_TABLES): (_L, "tables_drawn"),
    (_L, Happening.PICTURE): (_G, "tables_removed"),
}
"""What is not here changes nothing."""

REASONS = {
    "registered": "It was registered, and takes no pictures yet.",
    "switched_on": "It was switched on; its first picture is waited for.",
    "resumed": "It was switched on again; its first picture is waited for.",
    "paused": "It was switched off by somebody.",
    "address_changed": "Its address was changed; the first picture of the new one is waited for.",
    "source_removed": "Its source was taken away.",
    "first_picture": "Its pictures come.",
    "tables_drawn": "Its tables are drawn.",
    "tables_removed": "Its last table was removed.",
}
"""A sentence for each `why`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """As it is stored. `source_version`: the version of the camera from which pictures count; None: of any.
    `seq`: of the newest transition."""

    state: State
    source_version: int | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From one state to another; `previous_state` None: it was registered. `key`: id and name of the key that asked
    for it; None: its pictures did."""

    camera_id: str
    site_id: str
    seq: int
    at: datetime
    previous_state: State | None
    state: State
    why: str
    key: tuple[str | None, str] | None

    def document(self) -> Json:
        """As it is answered, and in the event."""
        key_id, key_name = self.key or (None, None)
        return {
            "camera_id": self.camera_id,
            "site_id": self.site_id,
            "seq": self.seq,
            "at": write_time(self.at),
            "previous_state": self.previous_state,
            "state": self.state,
            "why": self.why,
            "reason": REASONS.get(self.why, ""),
            "who": "camera" if self.key is None else "cropper" if key_id is None else "key",
            "key_id": key_id,
            "key_name": key_name,
        }


def next_state(state: State, happening: Happening) -> tuple[State, str] | None:
    """The state after it, and why; None: it stays."""
    return _TRANSITIONS.get((state, happening))


def transition(
    camera: Mapping[str, Any], stored: Stored, happening: Happening, at: datetime, key: tuple[str | None, str] | None
) -> Transition | None:
    """What becomes of a camera (its `camera_id` and `site_id`); None: it stays."""
    found = next_state(stored.state, happening)
    return None if found is None else _transition(camera, stored.seq + 1, at, stored.state, found, key)


def registered(camera: Json, at: datetime, key: tuple[str | None, str]) -> Transition:
    """The first state of a camera."""
    found = (State.VERIFYING, "switched_on") if is_on(camera) else (State.DRAFT, "registered")
    return _transition(camera, 1, at, None, found, key)


def source_happening(before: Json, after: Json) -> Happening | None:
    """What a change of a camera does to its source; of several things the one that decides. Pictures from before it do
    not count."""
    if not _has_source(after):
        return Happening.SOURCE_REMOVED if _has_source(before) else None
    if is_on(before) and not is_on(after):
        return Happening.SWITCHED_OFF
    if is_on(after) and not is_on(before):
        return Happening.SWITCHED_ON
    return None if _place(before) == _place(after) else Happening.ADDRESS_CHANGED


def tables_happening(count: int) -> Happening:
    """What a layout with so many tables is."""
    return Happening.TABLES_DRAWN if count else Happening.TABLES_REMOVED


def picture_happening(*, has_tables: bool) -> Happening:
    """What a good picture is."""
    return Happening.PICTURE_OF_TABLES if has_tables else Happening.PICTURE


def is_on(camera: Json) -> bool:
    """Whether pictures are to be taken of it."""
    return bool(camera["enabled"]) and _has_source(camera)


def _has_source(camera: Json) -> bool:
    return bool(capture(camera["source"]["type"])["state"] == "captured")


def _place(camera: Json) -> tuple[str, str | None]:
    return camera["source"]["type"], camera["source"]["address"]


def _transition(
    camera: Mapping[str, Any],
    seq: int,
    at: datetime,
    before: State | None,
    found: tuple[State, str],
    key: tuple[str | None, str] | None,
) -> Transition:
    state, why = found
    return Transition(
        camera_id=camera["camera_id"], site_id=camera["site_id"], seq=seq, at=at, previous_state=before, state=state,
        why=why, key=key,
    )  # fmt: skip
