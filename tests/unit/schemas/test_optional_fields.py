"""A field that a later release adds is optional: old records are read without it. From a small contract of its own."""

from datetime import datetime
from typing import Any

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
    event = made["read_party_seated"]({"party_id": "p"})
    assert (event.party_id, event.seated_at, event.mood, event.guests) == ("p", None, None, None)


def test_a_record_with_them_is_read_and_written(made: dict[str, Any]) -> None:
    data = {
        "party_id": "p",
        "seated_at": "2026-11-23T09:00:00.000Z",
        "mood": "splendid",
        "guests": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": None}],
    }
    event = made["read_party_seated"](data)
    assert isinstance(event.seated_at, datetime)
    assert event.guests[0].age == 36
    assert made["write_party_seated"](event) == data


@pytest.mark.parametrize("wrong", [{}, {"party_id": 7}, {"party_id": "p", "guests": [{"name": 1}]}])
def test_wrong_ones_are_refused(made: dict[str, Any], wrong: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        made["read_party_seated"](wrong)


def test_typescript_marks_them() -> None:
    types = render_types([TOPIC])
    assert "seated_at?: Time" in types
    assert "mood?: Open<'good' | 'bad'> | null" in types
    assert "guests?: PartySeatedGuest[]" in types
