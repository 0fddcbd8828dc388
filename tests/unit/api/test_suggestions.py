"""Tables that are suggested out of looks of some minutes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from api.model.layouts import check_size
from api.model.suggestions import MOST_SHARED, Suggestion, suggestions

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Box = tuple[float, float, float, float]
GUEST: Box = (0.40, 0.30, 0.48, 0.55)
TABLE: Box = (0.36, 0.48, 0.52, 0.62)


@dataclass(frozen=True)
class Seen:
    label: str
    box: Box
    score: float = 0.8
    ignored: str | None = None


@dataclass(frozen=True)
class Look:
    captured_at: datetime
    seen: tuple[Seen, ...]
    width: int = 1280
    height: int = 720


def looks(*seen: Seen, count: int = 6, every_s: float = 10.0) -> list[Look]:
    """The same for some time."""
    return [Look(START + timedelta(seconds=number * every_s), seen) for number in range(count)]


def holds(zone: Box, box: Box) -> bool:
    return zone[0] <= box[0] and zone[1] <= box[1] and zone[2] >= box[2] and zone[3] >= box[3]


def shared(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((each[2] - each[0]) * (each[3] - each[1]) for each in (a, b))
    return max(0.0, width) * max(0.0, height) / smaller


def test_who_sat_still_gives_a_table_with_the_head_inside() -> None:
    (only,) = suggestions(looks(Seen("person", GUEST)))
    assert holds(only.zone, GUEST) and only.zone[1] < GUEST[1] and only.zone[3] > GUEST[3]
    assert (only.top, only.people, only.sat_s) == (None, 1, 50.0)
    assert only.why == "Somebody sat here for 50 s."


def test_a_dining_table_and_who_sits_at_it_are_one() -> None:
    (only,) = suggestions(looks(Seen("person", GUEST), Seen("dining table", TABLE)))
    assert only.top == TABLE and holds(only.zone, GUEST) and holds(only.zone, TABLE)
    assert only.why == "Somebody sat here for 50 s, and a dining table is seen here in 100% of the looks."
    (empty,) = suggestions(looks(Seen("dining table", TABLE)))
    assert empty.zone[1] < TABLE[1], "room for the heads of who will sit there"
    assert empty.confidence < only.confidence


@pytest.mark.parametrize(
    "seen",
    [
        [Seen("person", GUEST, score=0.2)],
        [Seen("cup", GUEST)],
        [Seen("person", GUEST, ignored="ignore_area")],
        [Seen("chair", GUEST)],
    ],
)
def test_what_is_no_sitter_and_no_table_gives_none(seen: list[Seen]) -> None:
    assert suggestions(looks(*seen)) == ()


def test_who_passes_by_sits_nowhere() -> None:
    walking = [
        Look(START + timedelta(seconds=10 * number), (Seen("person", (0.1 * number, 0.3, 0.1 * number + 0.08, 0.6)),))
        for number in range(8)
    ]
    assert suggestions(walking) == ()
    assert suggestions(looks(Seen("person", GUEST), count=2)) == (), "10 s are no sitting"


def test_a_table_that_is_seen_once_in_many_looks_is_an_error() -> None:
    many = looks(count=20)
    many[3] = Look(many[3].captured_at, (Seen("dining table", TABLE),))
    assert suggestions(many) == ()


def test_a_guest_is_hidden_now_and_then() -> None:
    seen = [
        look if number % 3 else Look(look.captured_at, ()) for number, look in enumerate(looks(Seen("person", GUEST)))
    ]
    (only,) = suggestions(seen)
    assert only.people == 1


def test_zones_of_neighbours_share_no_more_than_the_bound() -> None:
    other = (GUEST[0] + 0.09, GUEST[1], GUEST[2] + 0.09, GUEST[3])
    behind = (0.41, 0.12, 0.46, 0.30)
    found = suggestions(looks(*(Seen("person", box) for box in (GUEST, other, behind))))
    assert len(found) == 3
    for number, one in enumerate(found):
        assert all(shared(one.zone, another.zone) < MOST_SHARED + 0.1 for another in found[:number])


def test_those_who_sit_together_have_one_table() -> None:
    opposite = (0.45, 0.32, 0.53, 0.56)
    (only,) = suggestions(looks(Seen("person", GUEST), Seen("person", opposite)))
    assert only.people == 2 and holds(only.zone, GUEST) and holds(only.zone, opposite)


def test_what_is_suggested_lies_in_the_picture_and_can_be_drawn() -> None:
    corner = Seen("person", (0.93, 0.0, 1.0, 0.3))
    (only,) = suggestions(looks(corner, Seen("dining table", (0.85, 0.2, 1.0, 0.4))))
    assert all(0 <= value <= 1 for value in only.zone)
    check_size({"tables": [only.document("1")]})
    assert only.document("1")["polygon"][2] == [only.zone[2], only.zone[3]]


def test_they_are_numbered_from_the_upper_left_and_in_any_order_the_same() -> None:
    seen = looks(Seen("person", GUEST), Seen("person", (0.1, 0.7, 0.2, 0.98)), Seen("person", (0.7, 0.31, 0.78, 0.55)))
    found = suggestions(seen)
    assert [round(each.zone[0], 1) for each in found] == [0.3, 0.6, 0.0]
    assert suggestions(list(reversed(seen))) == found
    assert suggestions([]) == () and isinstance(found[0], Suggestion)
