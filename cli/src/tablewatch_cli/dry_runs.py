"""Dry runs as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
STATE_FIELDS = ("label", "state", "since", "people", "confidence", "reason", "why")


def transitions(found: Document) -> list[tuple[str, str]]:
    """(key, line) of each transition, in the order in which they were certain."""
    every = [(each["as_of"], table, each) for table in found["tables"] for each in table["transitions"]]
    every.sort(key=lambda each: (each[0], each[1]["label"]))
    return [(f"{table['table_id']} {at} {each['state']}", _line(table, each)) for at, table, each in every]


def _line(table: Document, each: Document) -> str:
    change = f"{each['previous_state'] or 'nothing known'} -> {each['state']}"
    people = "" if each["people"] is None else f", people {each['people']}"
    why = each["unknown_reason"] or each["reason"]
    return f"{each['as_of']}  table {table['label']}  {change} since {each['since']}{people} ({why})"


def rows(found: Document) -> Iterator[dict[str, Any]]:
    """A row for each table with the state that it has at the end."""
    for table in found["tables"]:
        state = table["state"] or {}
        reason = state.get("unknown_reason") or state.get("reason")
        yield {
            "label": table["label"], "state": state.get("state", "nothing known"), "since": state.get("since"),
            "people": (state.get("evidence") or {}).get("people"), "confidence": state.get("confidence"),
            "reason": reason, "why": table["why"],
        }  # fmt: skip
