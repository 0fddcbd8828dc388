"""The fold as `chassis.fold` runs it: records in, records and rows out. Pure; knows the wire, not the broker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from chassis.consume import Invalid
from chassis.fold import Rows, Step
from chassis.records import Record
from classifier_gateway.fold.fold import Folded, fold, tick
from classifier_gateway.fold.row import Row, Thresholds
from tablewatch_schemas import (
    ContractError,
    Encoded,
    Received,
    TableEvidence,
    TableState,
    decode_as,
    encode,
    to_ms,
    tombstone,
)

SOURCE = "tablewatch/classifier-gateway"
# A deleted run's keys are never used again: its tombstones stand above every version that a reader may have.
FINAL_VERSION = 2**53 - 1


@dataclass(frozen=True, slots=True)
class TableFold:
    """`defaults` are the thresholds of live tables; a run's row is kept `forget_ms` after its end, against repeats."""

    defaults: Thresholds
    forget_ms: int

    def step(self, record: Record, rows: Rows) -> Step:
        """One record of table.evidence. Raises Invalid."""
        received = _received(record)
        evidence = received.event
        if evidence is None:
            raise Invalid("no_value", "evidence is never deleted")
        if evidence.kind == "tick":
            return self._tick(received, evidence, record, rows)
        key = row_key(evidence)
        if received.key != key:
            raise Invalid("wrong_key", f"evidence of {key} came under the key {received.key}")
        before = _row(rows, key)
        return _step(received, record.offset, [(key, before, fold(before, evidence, received.id, self.defaults))])

    def _tick(self, received: Received[TableEvidence], evidence: TableEvidence, record: Record, rows: Rows) -> Step:
        now_ms = to_ms(evidence.captured_at)
        kept = [(key, row) for key in rows.keys(record.partition) if (row := _row(rows, key)) is not None]
        # A row knows which ticks it has seen: after a crash they come again, to rows that are further on.
        due = [(key, row) for key, row in kept if row.offset < record.offset]
        return _step(received, record.offset, [(key, row, tick(row, now_ms, self.forget_ms)) for key, row in due])


def row_key(evidence: TableEvidence) -> str:
    """The key of a table's rows and records."""
    if evidence.table_id is None:
        raise Invalid("no_table", f"{evidence.kind} evidence without a table")
    return evidence.table_id if evidence.run_id is None else f"{evidence.table_id}@{evidence.run_id}"


def lane_of(key: str) -> str:
    """The lane of a row's key."""
    return "run" if "@" in key else "live"


def tick_record(partition: int, now: datetime) -> Encoded:
    """The record that tells one partition what time it is."""
    event = TableEvidence(
        kind="tick", site_id=None, table_id=None, camera_id=None, run_id=None, source_id=f"clock-{partition}",
        captured_at=now, label=None, confidence=None, people=None, things=None, reason=None, frame_id=None,
        frame_key=None, crop=None, model=None, layout_version=None, thresholds=None, last=False,
    )  # fmt: skip
    return encode(event, source=SOURCE, time=now, partition=partition)


def _received(record: Record) -> Received[TableEvidence]:
    try:
        return decode_as(TableEvidence, record.key, record.value, record.headers)
    except ContractError as error:
        raise Invalid(error.code, error.reason) from error


def _row(rows: Rows, key: str) -> Row | None:
    data = rows.get(key)
    return None if data is None else Row.parse(data)


def _step(received: Received[TableEvidence], offset: int, folded: list[tuple[str, Row | None, Folded | None]]) -> Step:
    outputs: list[Encoded] = []
    rows: dict[str, bytes | None] = {}
    for key, before, after in folded:
        if after is None:
            rows[key] = None
            continue
        outputs += [_encoded(state, received) for state in after.states]
        if after.erased:
            outputs.append(_erased(key, received))
        if after.row != before:
            rows[key] = replace(after.row, offset=offset).to_json()
    return Step(tuple(outputs), rows)


# The record's own time, not the clock's: a repeat makes the same record, byte for byte.
def _encoded(state: TableState, received: Received[TableEvidence]) -> Encoded:
    return encode(state, source=SOURCE, time=received.time, cause=received)


def _erased(key: str, received: Received[TableEvidence]) -> Encoded:
    version, lane = FINAL_VERSION, lane_of(key)
    return tombstone(TableState, key, source=SOURCE, time=received.time, lane=lane, version=version)
