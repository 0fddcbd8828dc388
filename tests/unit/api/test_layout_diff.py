"""What differs between two versions of a layout."""

from dataclasses import replace

from tests.unit.api.test_identities import A, B, Table, box, drawn, first

from api.model.layout_diff import diff_document
from api.model.layouts import redrawn


def test_the_first_version_is_all_new() -> None:
    layout, of = first(a=A, b=B)
    found = diff_document(None, layout)
    assert (found["from_version"], found["version"], found["new"]) == (None, 1, tuple(of.values()))
    assert not any(
        found[name] for name in ("kept", "retired", "changed", "floor_changed", "ignore_changed", "reference_changed")
    )


def test_each_field_that_differs_is_named() -> None:
    layout, of = first(a=A, b=B)
    moved = Table(label="a", polygon=box(0.2, 0.1, 0.4, 0.3), table_id=of["a"], seats=4)
    newer = replace(drawn(layout, moved, Table(label="b", polygon=B)).layout, width=640, floor=(A,))
    found = diff_document(layout, newer)
    assert found["kept"] == tuple(of.values()) and found["from_version"] == 1
    (changed,) = found["changed"]
    assert changed == {"table_id": of["a"], "label": "a", "fields": ("seats", "polygon"), "iou": 0.3333}
    assert found["floor_changed"] and found["reference_changed"] and not found["ignore_changed"]
    assert diff_document(newer, replace(newer, ignore=(B,)))["ignore_changed"]
    assert diff_document(newer, newer)["changed"] == ()


def test_what_merged_is_in_it_also_over_several_versions() -> None:
    layout, of = first(a=A, b=box(0.3, 0.1, 0.5, 0.3))
    joined = drawn(layout, Table(label="a", polygon=box(0.1, 0.1, 0.5, 0.3), table_id=of["a"])).layout
    later = drawn(joined, Table(label="c", polygon=box(0.1, 0.1, 0.5, 0.31), table_id=of["a"])).layout
    assert diff_document(layout, later)["merged_from"] == {of["a"]: tuple(of.values())}
    assert diff_document(later, layout)["split_from"] == {of["b"]: of["a"]}


def test_a_version_is_drawn_again_without_sections_that_are_gone() -> None:
    layout, _ = first(a=A, b=B)
    one, two = layout.tables
    tables = (replace(one, section_id="sec_1"), replace(two, section_id="sec_2"))
    layout = replace(layout, tables=tables, floor=(A,), ignore=(B,))
    again = redrawn(layout, {"sec_1"})
    assert [each.section_id for each in again.tables] == ["sec_1", None]
    assert (again.floor, again.ignore) == ((A,), (B,))
    assert [each.table_id for each in again.tables] == [one.table_id, two.table_id]
