"""Layouts and what changed in them, as a person reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


def table_row(table: Document) -> dict[str, Any]:
    """A table of a layout: its outline as the number of its corners."""
    names = ("table_id", "label", "seats", "section_id")
    shown = {name: table.get(name) for name in names}
    return shown | {"corners": len(table["polygon"]), "top": "drawn" if table.get("top") else None}


def version_row(version: Document) -> dict[str, Any]:
    """A version, with the one that it restored."""
    origin = version.get("origin")
    restored = f"{origin} {version['restored_from']}" if version.get("restored_from") else origin
    return {**version, "origin": restored}


def suggestion_row(table: Document) -> dict[str, Any]:
    """A table that is suggested, its zone as corners of a box."""
    first, _, last, _ = table["polygon"]
    shown = {name: table[name] for name in ("label", "confidence", "sat_s", "seen_share", "why")}
    return shown | {"box": " ".join(f"{each:.2f}" for each in (*first, *last))}


def drawing(suggested: Document) -> dict[str, Any]:
    """What `PUT …/layout` takes of suggestions."""
    tables = [{name: each[name] for name in ("label", "polygon", "top")} for each in suggested["tables"]]
    return {"reference": suggested["reference"], "tables": tables}


def crop_document(suggested: Document) -> dict[str, Any]:
    """The crop JSON of suggestions (docs/layouts.md)."""
    size = suggested["reference"]
    tables = [{"id": each["label"], "label": each["label"], "polygon": each["polygon"]} | _top(each)
              for each in suggested["tables"]]  # fmt: skip
    return {"width": size["width"], "height": size["height"], "units": "relative", "tables": tables}


def _top(table: Document) -> dict[str, Any]:
    return {} if table["top"] is None else {"top": table["top"]}


def summary(changes: Document) -> str:
    """How many tables were kept, and so on."""
    return ", ".join(f"{len(changes[name])} {name}" for name in ("kept", "new", "retired"))


def lines(changes: Document) -> Iterator[str]:
    """A line for each table that merged or split."""
    for table, parts in changes["merged_from"].items():
        yield f"{table} merged from {', '.join(parts)}"
    for table, whole in changes["split_from"].items():
        yield f"{table} split from {whole}"


def diff_lines(diff: Document) -> Iterator[str]:
    """A line for each table that is not as it was."""
    yield from (f"{name} {table}" for name in ("new", "retired") for table in diff[name])
    yield from lines(diff)
    for each in diff["changed"]:
        yield f"{each['table_id']} ({each['label']}): other {', '.join(each['fields'])}, IoU {each['iou']:.2f}"
    yield from (f"other {name}" for name in ("floor", "ignore", "reference") if diff.get(f"{name}_changed"))
