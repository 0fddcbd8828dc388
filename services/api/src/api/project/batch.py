"""Sorts a batch of decoded records into what each read model has to take. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.model.keyed_records import KeyedRecord
from api.model.layout_hints import DoubtfulLook, doubtful_look
from api.model.projections import PROJECTIONS, READ_MODELS, concerns_job
from api.model.run_facts import RunEvent
from chassis.records import Record, TopicPartition
from chassis.trace import trace_id
from tablewatch_schemas import Received, TableEvidence

DecodedRecord = tuple[Record, Received[Any] | None]
"""A record and its event; None: it is dead-lettered or of no interest, and only its offset counts."""


@dataclass(slots=True)
class Batch:
    """Records by what they change, each list in their order.

    `run_rows` is by database table, `keyed` by topic, `traces` holds the newest trace id of each run, `hints` are
    looks whose doubt may come from how a table is drawn.
    """

    offsets: dict[TopicPartition, int] = field(default_factory=dict)
    run_events: dict[str, list[tuple[RunEvent, datetime]]] = field(default_factory=lambda: defaultdict(list))
    run_rows: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    keyed: dict[str, list[KeyedRecord]] = field(default_factory=lambda: defaultdict(list))
    traces: dict[str, str] = field(default_factory=dict)
    hints: list[DoubtfulLook] = field(default_factory=list)

    def add(self, received: Received[Any]) -> None:
        """Take one record."""
        event = received.event
        if received.topic in READ_MODELS:
            self._add_keyed(received)
        if isinstance(event, TableEvidence) and (look := doubtful_look(event)) is not None:
            self.hints.append(look)
        run_id: str | None = getattr(event, "run_id", None)
        if event is None or run_id is None:
            return
        if (table := PROJECTIONS[received.topic].run_rows) is not None:
            self.run_rows[table].append(event)
        if concerns_job(event):
            self._add_job_event(run_id, event, received.time)
            if trace := trace_id(received.traceparent):
                self.traces[run_id] = trace

    def _add_job_event(self, run_id: str, event: RunEvent, time: datetime) -> None:
        """Evidence comes for every table of a frame, and the job counts frames: the first of each is enough."""
        events = self.run_events[run_id]
        frame = _classified_frame(event)
        if frame is None or not events or _classified_frame(events[-1][0]) != frame:
            events.append((event, time))

    def _add_keyed(self, received: Received[Any]) -> None:
        key = READ_MODELS[received.topic].key(received)
        if key is not None:
            record = KeyedRecord(key=key, version=received.version, event=received.event)
            self.keyed[received.topic].append(record)

    @property
    def runs(self) -> list[str]:
        """Every run that the batch touches, sorted."""
        events = [each for rows in self.run_rows.values() for each in rows]
        events += [each.event for records in self.keyed.values() for each in records]
        return sorted({run for each in events if (run := getattr(each, "run_id", None))} | set(self.run_events))

    @property
    def sites(self) -> set[str]:
        """Every site that a record with a key belongs to."""
        return {each.event.site_id for records in self.keyed.values() for each in records if each.event is not None}


def _classified_frame(event: RunEvent) -> str | None:
    return event.frame_id if isinstance(event, TableEvidence) else None


def new_records(records: Sequence[DecodedRecord], next_offsets: dict[TopicPartition, int]) -> Batch:
    """The batch of the records that were not applied before."""
    batch = Batch()
    for record, received in records:
        if record.offset < next_offsets.get(record.topic_partition, 0):
            continue
        batch.offsets[record.topic_partition] = record.offset + 1
        if received is not None:
            batch.add(received)
    return batch
