"""A field that a later release adds is optional: old records are read without it. From a small contract of its own."""

from datetime import datetime
from typing import Any

import msgspec
import pytest
from schemas.tools.model import Field, Shape, Topic
from schemas.tools.python_events import render
from schemas.tools.typescript import render as render_types


def field(name: str, kind: str, **more: Any) -> Field:
    given: dict[str, Any] = {"nullable": False, "required": True, "enum": (), "description": f"About {name}."} | more
    return Field(name=name, kind=kind, **given)


PARTY = Shape("PartySeatedGuest", "A guest.", (field("name", "str"), field("age", "int", required=False)))
SHAPE = Shape(
    "PartySeated",
    "A party sits down.",
    (
        field("party_id", "str"),
        field("seated_at", "time", required=False),
        field("mood", "str", required=False, nullable=True, enum=("good", "bad", None)),
        field("guests", "array", required=False, item=field("guest", "object", shape=PARTY)),
    ),
)
TOPIC = Topic("party.seated", {}, {}, SHAPE, ())


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """The generated module's names."""
    names: dict[str, Any] = {"__name__": "made"}
    source = render([TOPIC]).replace("from __future__ import annotations\n", "")
    exec(compile(source, "made.py", "exec"), names)  # noqa: S102
    return names


def test_a_record_without_the_new_fields_is_read(made: dict[str, Any]) -> None:
    event = msgspec.json.decode(b'{"party_id":"p"}', type=made["PartySeated"])
    assert (event.party_id, event.seated_at, event.mood, event.guests) == ("p", None, None, None)


def test_a_record_with_them_is_read_and_written(made: dict[str, Any]) -> None:
    data = {
        "party_id": "p",
        "seated_at": "2026-11-23T09:00:00.000Z",
        "mood": "splendid",
        "guests": [{"name": "Ada", "age": 36}, {"name": "Bob"}],
    }
    event = msgspec.convert(data, made["PartySeated"])
    assert isinstance(event.seated_at, datetime)
    assert [guest.age for guest in event.guests] == [36, None]
    assert made["utc_party_seated"](event)
    assert msgspec.to_builtins(made["wire_party_seated"](event)) == data


def test_none_is_left_out_where_null_is_not_allowed(made: dict[str, Any]) -> None:
    event = made["PartySeated"](party_id="p")
    assert msgspec.to_builtins(made["wire_party_seated"](event)) == {"party_id": "p", "mood": None}


@pytest.mark.parametrize("wrong", [{}, {"party_id": 7}, {"party_id": "p", "guests": [{"name": 1}]}])
def test_wrong_ones_are_refused(made: dict[str, Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, made["PartySeated"])


def test_typescript_marks_them() -> None:
    types = render_types([TOPIC])
    assert "seated_at?: Time" in types
    assert "mood?: Open<'good' | 'bad'> | null" in types
    assert "guests?: PartySeatedGuest[]" in types
