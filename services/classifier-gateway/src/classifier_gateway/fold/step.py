"""One record of table.evidence: rows and evidence in, states and rows out, as `folding.fold` runs it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from chassis.consume import Invalid
from chassis.records import Record
from classifier_gateway.fold.events import tick_event
from classifier_gateway.fold.row import Row, row_key
from classifier_gateway.fold.rules import RowChange, apply_evidence, apply_tick
from classifier_gateway.source import SOURCE
from events.decode import decode_record_as
from folding.step import Rows, Step
from tablewatch_schemas import (
    Encoded,
    Received,
    TableEvidence,
    TableEvidenceThresholds,
    TableState,
    encode,
    to_ms,
    tombstone,
)
from tablewatch_schemas.defaults import GATED_MS
from tablewatch_schemas.keys import lane_of_key

# A deleted run's keys are never reused: its tombstones stand above every version that a reader may have.
FINAL_VERSION = 2**53 - 1

KeyChange = tuple[str, Row | None, RowChange | None]
"""A key, its row before, and what becomes of it; None: the row is dropped."""


@dataclass(frozen=True, slots=True)
class TableFold:
    """`defaults` are the thresholds of evidence that brings none; a run's row stays `forget_ms` after its end, so that
    late and redelivered evidence is ignored; a look stands `gated_ms` for frames in which nothing changed."""

    defaults: TableEvidenceThresholds
    forget_ms: int
    gated_ms: int = GATED_MS

    def step(self, record: Record, rows: Rows) -> Step:
        """One record of table.evidence. Raises Invalid."""
        received = decode_record_as(TableEvidence, record)
        evidence = received.event
        if evidence is None:
            raise Invalid("no_value", "evidence is never deleted")
        if evidence.kind == "tick":
            return self._tick(received, evidence, record, rows)
        key = _checked_key(received, evidence)
        row = _read(rows, key)
        change = apply_evidence(row, evidence, received.id, self.defaults, self.gated_ms)
        return _to_step(received, record.offset, [(key, row, change)])

    def _tick(self, received: Received[TableEvidence], tick: TableEvidence, record: Record, rows: Rows) -> Step:
        now_ms = to_ms(tick.captured_at)
        present = [(key, row) for key in rows.keys(record.partition) if (row := _read(rows, key)) is not None]
        # A row knows which ticks it has seen: after a crash they are redelivered to rows that are further on.
        due = [(key, row) for key, row in present if row.offset < record.offset]
        changes = ((key, row, apply_tick(row, now_ms, self.forget_ms)) for key, row in due)
        return _to_step(received, record.offset, changes)


def tick_message(partition: int, now: datetime) -> Encoded:
    """The tick of one partition."""
    return encode(tick_event(partition, now), source=SOURCE, time=now, partition=partition)


def _checked_key(received: Received[TableEvidence], evidence: TableEvidence) -> str:
    if evidence.table_id is None:
        raise Invalid("no_table", f"{evidence.kind} evidence without a table")
    key = row_key(evidence.table_id, evidence.run_id)
    if received.key != key:
        raise Invalid("wrong_key", f"evidence of {key} came under the key {received.key}")
    return key


def _read(rows: Rows, key: str) -> Row | None:
    data = rows.get(key)
    return None if data is None else Row.parse(data)


def _to_step(received: Received[TableEvidence], offset: int, changes: Iterable[KeyChange]) -> Step:
    outputs: list[Encoded] = []
    rows: dict[str, bytes | None] = {}
    for key, before, change in changes:
        if change is None:
            rows[key] = None
            continue
        outputs += [_encoded(state, received) for state in change.states]
        if change.erased:
            outputs.append(_tombstone(key, received))
        if change.row != before:
            rows[key] = replace(change.row, offset=offset).to_json()
    return Step(tuple(outputs), rows)


# The record's own time, not the clock's: a redelivered record makes the same output, byte for byte.
def _encoded(state: TableState, received: Received[TableEvidence]) -> Encoded:
    return encode(state, source=SOURCE, time=received.time, cause=received)


def _tombstone(key: str, received: Received[TableEvidence]) -> Encoded:
    version, lane = FINAL_VERSION, lane_of_key(key)
    return tombstone(TableState, key, source=SOURCE, time=received.time, lane=lane, version=version)
