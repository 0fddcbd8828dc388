"""States of cameras: every state with everything that can happen to it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.model.camera_states import (
    REASONS,
    Happening,
    State,
    Stored,
    is_on,
    next_state,
    picture_happening,
    registered,
    source_happening,
    tables_happening,
    transition,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CAMERA: dict[str, Any] = {
    "camera_id": "cam_1", "site_id": "site_1", "version": 3, "enabled": True,
    "source": {"type": "rtsp", "address": "rtsp://10.0.0.1/", "secret_ref": None, "transport": None},
}  # fmt: skip
KEY = ("key_1", "Manager")
STAYS = None
EXPECTED: dict[State, dict[Happening, tuple[str, str] | None]] = {
    State.DRAFT: {
        Happening.SWITCHED_ON: ("verifying", "switched_on"),
        Happening.SWITCHED_OFF: STAYS,
        Happening.ADDRESS_CHANGED: STAYS,
        Happening.SOURCE_REMOVED: STAYS,
        Happening.TABLES_DRAWN: STAYS,
        Happening.TABLES_REMOVED: STAYS,
        Happening.PICTURE: ("verified", "first_picture"),
        Happening.PICTURE_OF_TABLES: ("live", "first_picture"),
    },
    State.VERIFYING: {
        Happening.SWITCHED_ON: STAYS,
        Happening.SWITCHED_OFF: ("paused", "paused"),
        Happening.ADDRESS_CHANGED: STAYS,
        Happening.SOURCE_REMOVED: ("draft", "source_removed"),
        Happening.TABLES_DRAWN: STAYS,
        Happening.TABLES_REMOVED: STAYS,
        Happening.PICTURE: ("verified", "first_picture"),
        Happening.PICTURE_OF_TABLES: ("live", "first_picture"),
    },
    State.VERIFIED: {
        Happening.SWITCHED_ON: STAYS,
        Happening.SWITCHED_OFF: ("paused", "paused"),
        Happening.ADDRESS_CHANGED: ("verifying", "address_changed"),
        Happening.SOURCE_REMOVED: ("draft", "source_removed"),
        Happening.TABLES_DRAWN: ("live", "tables_drawn"),
        Happening.TABLES_REMOVED: STAYS,
        Happening.PICTURE: STAYS,
        Happening.PICTURE_OF_TABLES: ("live", "tables_drawn"),
    },
    State.LIVE: {
        Happening.SWITCHED_ON: STAYS,
        Happening.SWITCHED_OFF: ("paused", "paused"),
        Happening.ADDRESS_CHANGED: ("verifying", "address_changed"),
        Happening.SOURCE_REMOVED: ("draft", "source_removed"),
        Happening.TABLES_DRAWN: STAYS,
        Happening.TABLES_REMOVED: ("verified", "tables_removed"),
        Happening.PICTURE: ("verified", "tables_removed"),
        Happening.PICTURE_OF_TABLES: STAYS,
    },
    State.PAUSED: {
        Happening.SWITCHED_ON: ("verifying", "resumed"),
        Happening.SWITCHED_OFF: STAYS,
        Happening.ADDRESS_CHANGED: STAYS,
        Happening.SOURCE_REMOVED: ("draft", "source_removed"),
        Happening.TABLES_DRAWN: STAYS,
        Happening.TABLES_REMOVED: STAYS,
        Happening.PICTURE: STAYS,
        Happening.PICTURE_OF_TABLES: STAYS,
    },
}


def changed(**fields: Any) -> dict[str, Any]:
    """The camera with other fields; `type` and `address` are those of its source."""
    source = CAMERA["source"] | {name: fields.pop(name) for name in ("type", "address", "transport") if name in fields}
    return CAMERA | fields | {"source": source}


OFF, OTHER = changed(enabled=False), changed(address="rtsp://10.0.0.2/")
NOTHING, NOTHING_OFF = changed(type="none", address=None), changed(type="none", address=None, enabled=False)


@pytest.mark.parametrize("happening", Happening)
@pytest.mark.parametrize("state", State)
def test_every_state_with_every_happening(state: State, happening: Happening) -> None:
    assert next_state(state, happening) == EXPECTED[state][happening]


@pytest.mark.parametrize("happening", Happening)
@pytest.mark.parametrize("state", State)
def test_what_happens_twice_changes_nothing_more(state: State, happening: Happening) -> None:
    found = next_state(state, happening)
    assert found is None or next_state(found[0], happening) is None


def test_every_why_has_its_sentence() -> None:
    found = {next_state(state, happening) for state in State for happening in Happening}
    assert {each[1] for each in found if each is not None} | {"registered"} == REASONS.keys()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (CAMERA, CAMERA, None),
        (CAMERA, changed(name="Bar", transport="udp"), None),
        (CAMERA, OFF, Happening.SWITCHED_OFF),
        (OFF, CAMERA, Happening.SWITCHED_ON),
        (OFF, OTHER, Happening.SWITCHED_ON),
        (CAMERA, OTHER, Happening.ADDRESS_CHANGED),
        (CAMERA, changed(type="hls", address="rtsp://10.0.0.1/"), Happening.ADDRESS_CHANGED),
        (CAMERA, changed(enabled=False, address="rtsp://10.0.0.2/"), Happening.SWITCHED_OFF),
        (OFF, changed(enabled=False, address="rtsp://10.0.0.2/"), Happening.ADDRESS_CHANGED),
        (CAMERA, NOTHING, Happening.SOURCE_REMOVED),
        (CAMERA, NOTHING_OFF, Happening.SOURCE_REMOVED),
        (OFF, NOTHING_OFF, Happening.SOURCE_REMOVED),
        (NOTHING, CAMERA, Happening.SWITCHED_ON),
        (NOTHING, NOTHING_OFF, None),
        (NOTHING, changed(type="of a later version"), None),
    ],
)
def test_what_a_change_does_to_the_source(
    before: dict[str, Any], after: dict[str, Any], expected: Happening | None
) -> None:
    assert source_happening(before, after) == expected


@pytest.mark.parametrize(
    ("camera", "state", "why"),
    [(CAMERA, "verifying", "switched_on"), (OFF, "draft", "registered"), (NOTHING, "draft", "registered")],
)
def test_the_first_state(camera: dict[str, Any], state: str, why: str) -> None:
    first = registered(camera, NOW, KEY)
    assert (first.seq, first.previous_state, first.state, first.why) == (1, None, state, why)
    assert is_on(camera) is (state == "verifying")


def test_a_transition_says_who_and_why() -> None:
    moved = transition(CAMERA, Stored(State.LIVE, 1, 4), Happening.SWITCHED_OFF, NOW, KEY)
    assert moved is not None
    assert moved.document() == {
        "camera_id": "cam_1", "site_id": "site_1", "seq": 5, "at": "2026-11-23T09:00:00.000Z",
        "previous_state": "live", "state": "paused", "why": "paused", "reason": "It was switched off by somebody.",
        "who": "key", "key_id": "key_1", "key_name": "Manager",
    }  # fmt: skip
    by_itself = transition(CAMERA, Stored(State.VERIFYING, 1, 1), picture_happening(has_tables=True), NOW, None)
    assert by_itself is not None
    assert by_itself.document() | {"state": "live", "who": "camera", "key_id": None} == by_itself.document()
    assert transition(CAMERA, Stored(State.VERIFYING, 1, 1), tables_happening(3), NOW, KEY) is None
    pulled = transition(CAMERA, Stored(State.VERIFIED, 1, 1), Happening.TABLES_DRAWN, NOW, (None, "pulled from c"))
    assert pulled is not None
    assert pulled.document() | {"who": "cropper", "key_id": None, "key_name": "pulled from c"} == pulled.document()
    assert tables_happening(0) is Happening.TABLES_REMOVED
    assert picture_happening(has_tables=False) is Happening.PICTURE
