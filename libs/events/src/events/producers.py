"""Which program of ours made a record: what the dead-letter fuse counts by."""

from chassis.fuse import FuseOptions
from chassis.records import Record
from tablewatch_schemas import TOPICS

_PREFIX = "tablewatch/"  # of the CloudEvents source of every event of ours


def own_producer(record: Record) -> str | None:
    """The service in the record's CloudEvents source, if the contract has it produce that topic; otherwise None."""
    source = record.header("ce_source") or ""
    service = source.removeprefix(_PREFIX)
    known = TOPICS[record.topic].producers if record.topic in TOPICS else ()
    return service if source.startswith(_PREFIX) and service in known else None


FUSE = FuseOptions(producer=own_producer)
"""The fuse of every consumer of our topics."""
