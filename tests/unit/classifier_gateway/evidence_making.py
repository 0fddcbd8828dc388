"""Evidence for tests: short to write, valid to encode."""

from datetime import timedelta

from chassis.records import Record
from tablewatch_schemas import TableEvidence, TableEvidenceThresholds, decode, encode, from_ms

T0 = 1_795_000_000_000
RUN = "run_1"
THRESHOLDS = TableEvidenceThresholds(enter_ms=3000, leave_ms=8000, hold_ms=2000, ttl_ms=30000)


def evidence(kind="verdict", at=0.0, label=None, *, run=RUN, table="tbl_1", camera="cam_1", **changes) -> TableEvidence:
    """`at` in seconds after T0."""
    at_ms = T0 + round(at * 1000)
    values = {
        "kind": kind, "site_id": "site_1", "table_id": table, "camera_id": camera, "run_id": run,
        "source_id": run or camera, "captured_at": from_ms(at_ms), "label": label,
        "confidence": 0.9 if label else None, "people": None, "things": None, "reason": None,
        "frame_id": f"{run or camera}-{at_ms}", "frame_key": None, "crop": None, "model": None, "layout_version": 1,
        "thresholds": THRESHOLDS if run else None, "last": kind == "end",
    }  # fmt: skip
    return TableEvidence(**(values | changes))


def verdicts(label, start, stop, step=1.0, **changes) -> list[TableEvidence]:
    """One a `step` from `start` up to and including `stop`."""
    count = int((stop - start) / step) + 1
    return [evidence("verdict", start + index * step, label, **changes) for index in range(count)]


def record(event: TableEvidence, offset: int = 0, partition: int = 0) -> Record:
    made = encode(event, source="tablewatch/test", time=event.captured_at + timedelta(seconds=1), partition=partition)
    return Record(made.topic, partition, offset, 0, made.key, made.value, made.headers)


def tick(at: float, partition: int = 0) -> TableEvidence:
    changes = dict.fromkeys(("site_id", "frame_id", "layout_version", "thresholds"))
    return evidence("tick", at, run=None, table=None, camera=None, **changes | {"source_id": f"clock-{partition}"})


def event_of(message):
    """The typed event of something sent; None for a tombstone."""
    return decode(message.topic, message.key, message.value, message.headers).event
