"""Which tables of a new drawing are those of before, what merged and what split."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.model.errors import TableDoubled, TableNotYours
from api.model.identities import LEAST_IOU, SAME_LABEL, matched
from api.model.layouts import Drawn, draw
from api.model.overlaps import MOST_COMPARED, Overlaps, overlaps
from tablewatch_schemas.layout import Layout, Polygon

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CAMERA = {"site_id": "site_1", "camera_id": "cam_1"}


@dataclass(frozen=True, kw_only=True)
class Table:
    label: str
    polygon: Polygon
    table_id: str | None = None
    seats: int | None = None
    section_id: str | None = None
    top: Polygon | None = None


@dataclass(frozen=True)
class Size:
    width: int = 1280
    height: int = 720


@dataclass(frozen=True)
class Drawing:
    tables: Sequence[Table]
    reference: Size = Size()
    floor: Sequence[Polygon] = ()
    ignore: Sequence[Polygon] = ()


def box(x1: float, y1: float, x2: float, y2: float) -> Polygon:
    return (x1, y1), (x2, y1), (x2, y2), (x1, y2)


def drawn(newest: Layout | None, *tables: Table) -> Drawn:
    version = 1 if newest is None else newest.version + 1
    return draw(CAMERA, Drawing(tables), newest=newest, version=version, foreign={"tbl_x"}, sections=(), now=NOW)


def first(**places: Polygon) -> tuple[Layout, dict[str, str]]:
    """A layout of tables by label, and their ids."""
    layout = drawn(None, *(Table(label=label, polygon=place) for label, place in places.items())).layout
    return layout, {table.label: table.table_id for table in layout.tables}


def ids(found: Drawn) -> list[str]:
    return [table.table_id for table in found.layout.tables]


A, B, C = box(0.1, 0.1, 0.3, 0.3), box(0.4, 0.1, 0.6, 0.3), box(0.7, 0.1, 0.9, 0.3)


def test_what_stands_at_the_same_place_is_the_same_table_whatever_it_is_called_now() -> None:
    layout, of = first(a=A, b=B, c=C)
    moved = box(0.43, 0.12, 0.63, 0.32)
    found = drawn(layout, Table(label="9", polygon=C), Table(label="b", polygon=moved), Table(label="x", polygon=A))
    assert ids(found) == [of["c"], of["b"], of["a"]]
    assert (found.changes.kept, found.changes.new, found.changes.retired) == ((of["c"], of["b"], of["a"]), (), ())


def test_tables_that_were_numbered_anew_stay_where_they_are() -> None:
    """A cropper that lost table 1 calls the others 1 and 2."""
    layout, of = first(**{"1": A, "2": B, "3": C})
    found = drawn(layout, Table(label="1", polygon=B), Table(label="2", polygon=C))
    assert ids(found) == [of["2"], of["3"]]
    assert found.changes.retired == (of["1"],)


def test_a_view_that_was_turned_keeps_tables_by_their_labels() -> None:
    """Each stands more in the place of its neighbour than in its own."""
    layout, of = first(a=box(0.1, 0.1, 0.3, 0.3), b=box(0.22, 0.1, 0.42, 0.3))
    turned = drawn(layout, Table(label="a", polygon=box(0.17, 0.1, 0.37, 0.3)), Table(label="b", polygon=C))
    assert ids(turned) == [of["a"], of["b"]]


def test_what_shares_too_little_is_another_table() -> None:
    layout, of = first(a=A)
    found = drawn(layout, Table(label="b", polygon=box(0.22, 0.1, 0.42, 0.3)))
    assert found.changes.new == tuple(ids(found)) and of["a"] not in ids(found)
    assert (found.changes.kept, found.changes.retired) == ((), (of["a"],))
    assert not found.changes.merged_from and not found.changes.split_from


def test_a_table_that_is_named_is_not_given_to_another() -> None:
    layout, of = first(a=A, b=B)
    found = drawn(layout, Table(label="b", polygon=A, table_id=of["b"]), Table(label="a", polygon=A))
    assert ids(found) == [of["b"], of["a"]]
    only = drawn(layout, Table(label="a", polygon=A, table_id=of["b"]), Table(label="b", polygon=B))
    assert ids(only)[0] == of["b"] and ids(only)[1] not in of.values()


def test_ids_twice_and_of_other_sites_are_refused_with_the_name() -> None:
    layout, of = first(a=A)
    twice = Table(label="a", polygon=A, table_id=of["a"])
    with pytest.raises(TableDoubled, match=r"table_doubled") as raised:
        drawn(layout, twice, twice)
    assert raised.value.detail.startswith("Table a: ")
    with pytest.raises(TableNotYours) as stolen:
        drawn(layout, Table(label="w", polygon=A, table_id="tbl_x"))
    assert stolen.value.detail.startswith("Table w: ")


def test_two_tables_are_pushed_together() -> None:
    layout, of = first(a=A, b=box(0.3, 0.1, 0.5, 0.3), c=C)
    found = drawn(layout, Table(label="a+b", polygon=box(0.1, 0.1, 0.5, 0.3)), Table(label="c", polygon=C))
    (one,) = found.changes.merged_from
    assert one == ids(found)[0] and one in (of["a"], of["b"])
    assert found.changes.merged_from[one] == (of["a"], of["b"])
    assert set(found.changes.retired) == {of["a"], of["b"]} - {one}
    assert not found.changes.split_from


def test_many_tables_that_become_one_are_a_new_table() -> None:
    layout, of = first(**{str(n): box(0.1 * n, 0.1, 0.1 * n + 0.1, 0.3) for n in range(5)})
    found = drawn(layout, Table(label="long", polygon=box(0.0, 0.1, 0.5, 0.3)))
    assert found.changes.new == tuple(ids(found))
    assert found.changes.merged_from == {ids(found)[0]: tuple(of.values())}


def test_a_table_is_pulled_apart() -> None:
    layout, of = first(a=box(0.1, 0.1, 0.5, 0.3), c=C)
    halves = Table(label="l", polygon=A), Table(label="r", polygon=box(0.3, 0.1, 0.5, 0.3))
    found = drawn(layout, *halves, Table(label="c", polygon=C))
    (new,) = found.changes.new
    assert found.changes.split_from == {new: of["a"]}
    assert set(found.changes.kept) == {of["a"], of["c"]} and not found.changes.merged_from
    quarters = [box(0.1 + 0.1 * n, 0.1, 0.2 + 0.1 * n, 0.3) for n in range(4)]
    apart = drawn(layout, *(Table(label=str(n), polygon=each) for n, each in enumerate(quarters)))
    assert apart.changes.split_from == dict.fromkeys(ids(apart), of["a"])
    assert of["a"] in apart.changes.retired


def test_what_an_editor_names_splits_and_merges_too() -> None:
    layout, of = first(a=box(0.1, 0.1, 0.5, 0.3))
    kept = Table(label="a", polygon=A, table_id=of["a"])
    split = drawn(layout, kept, Table(label="b", polygon=box(0.3, 0.1, 0.5, 0.3)))
    assert split.changes.split_from == {ids(split)[1]: of["a"]}
    back = drawn(split.layout, Table(label="a", polygon=box(0.1, 0.1, 0.5, 0.3), table_id=of["a"]))
    assert back.changes.merged_from == {of["a"]: tuple(ids(split))}


def test_a_small_table_in_front_of_a_large_one_is_no_part_of_it() -> None:
    large, small = box(0.1, 0.1, 0.5, 0.5), box(0.2, 0.2, 0.3, 0.3)
    layout, _ = first(a=large)
    added = drawn(layout, Table(label="a", polygon=large), Table(label="b", polygon=small))
    assert not added.changes.split_from and len(added.changes.new) == 1
    gone = drawn(added.layout, Table(label="a", polygon=large))
    assert not gone.changes.merged_from and len(gone.changes.retired) == 1


PLACES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from("abcd")), max_size=4)


@given(PLACES, PLACES)
def test_no_other_assignment_is_worth_more(
    older: list[tuple[int, int, str]], newer: list[tuple[int, int, str]]
) -> None:
    before, after = ([box(x / 10, y / 10, x / 10 + 0.2, y / 10 + 0.2) for x, y, _ in each] for each in (older, newer))
    shared = overlaps(before, after)
    one, other = [each[2] for each in older], [each[2] for each in newer]
    found = matched(shared, one, other)
    assert len(set(found.values())) == len(found)

    def worth(i: int, j: int) -> float:
        iou, same = float(shared.iou[i, j]), one[i] == other[j]
        return iou + SAME_LABEL * same if same or iou >= LEAST_IOU else 0.0

    reached = sum(worth(i, j) for j, i in found.items())
    slots = [*range(len(one)), *[None] * len(other)]
    best = max(
        sum(worth(i, j) for j, i in enumerate(chosen) if i is not None) for chosen in permutations(slots, len(other))
    )
    assert reached == pytest.approx(best)


@given(st.permutations(range(6)))
def test_the_order_of_tables_does_not_matter(order: list[int]) -> None:
    places = [box(0.15 * n, 0.1, 0.15 * n + 0.12, 0.3) for n in range(6)]
    layout, of = first(**{str(n): each for n, each in enumerate(places)})
    found = drawn(layout, *(Table(label="?", polygon=places[n]) for n in order))
    assert ids(found) == [of[str(n)] for n in order]


def test_areas_are_those_of_outlines() -> None:
    triangle = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    found: Overlaps = overlaps([box(0, 0, 1, 1)], [triangle, box(0.5, 0.5, 1, 1), box(0, 0, 0.5, 0.5)])
    assert found.iou == pytest.approx(np.array([[0.5, 0.25, 0.25]]))
    assert found.of_older == pytest.approx(np.array([[0.5, 0.25, 0.25]]))
    assert found.of_newer == pytest.approx(np.array([[1.0, 1.0, 1.0]]))


def test_of_a_heap_of_outlines_those_that_share_most_are_compared() -> None:
    sizes = [0.01 * n for n in range(1, 60)]
    found = overlaps([box(0, 0, size, size) for size in sizes], [box(0, 0, 1, 1)])
    assert [n for n in range(59) if found.shared[n, 0] > 0] == [*range(59 - MOST_COMPARED, 59)]
