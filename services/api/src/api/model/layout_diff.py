"""What differs between two versions of a layout. Pure; slow enough for `api.compute`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from api.model.identities import LayoutChanges, layout_changes
from api.model.overlaps import overlaps
from api.model.types import Json
from tablewatch_schemas.layout import Layout, LayoutTable

FIELDS = ("label", "seats", "section_id", "polygon", "top")


@dataclass(frozen=True, slots=True)
class ChangedTable:
    """A table that both versions have: the fields that differ, and how much of its zones both share (IoU)."""

    table_id: str
    label: str
    fields: tuple[str, ...]
    iou: float


@dataclass(frozen=True, slots=True)
class LayoutDiff:
    """From one version to another; `changed` are tables of `kept`."""

    changes: LayoutChanges
    changed: tuple[ChangedTable, ...]
    floor_changed: bool
    ignore_changed: bool
    reference_changed: bool


def layout_diff(older: Layout | None, newer: Layout) -> LayoutDiff:
    """Against nothing every table is new."""
    before = older.tables if older is not None else ()
    found = overlaps([each.polygon for each in before], [each.polygon for each in newer.tables])
    return LayoutDiff(
        layout_changes(before, newer.tables, found),
        tuple(_changed(before, newer.tables)),
        (older.floor if older else ()) != newer.floor,
        (older.ignore if older else ()) != newer.ignore,
        older is not None and (older.width, older.height) != (newer.width, newer.height),
    )


def diff_document(older: Layout | None, newer: Layout) -> Json:
    """As JSON values."""
    diff = layout_diff(older, newer)
    found: Json = {"from_version": None if older is None else older.version, "version": newer.version}
    fields = asdict(diff)
    return {**found, **fields.pop("changes"), **fields}


def _changed(before: tuple[LayoutTable, ...], after: tuple[LayoutTable, ...]) -> Iterator[ChangedTable]:
    known = {table.table_id: table for table in before}
    for table in after:
        old = known.get(table.table_id)
        fields = () if old is None else tuple(name for name in FIELDS if getattr(old, name) != getattr(table, name))
        if old is not None and fields:
            iou = float(overlaps([old.polygon], [table.polygon]).iou[0, 0])
            yield ChangedTable(table.table_id, table.label, fields, round(iou, 4))
