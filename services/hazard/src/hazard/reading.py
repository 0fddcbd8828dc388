"""Records to events, with what can never work said in the consumer's words."""

from typing import Any

from chassis.consume import Invalid
from chassis.records import Record
from tablewatch_schemas import ContractError, Received, decode

SOURCE = "tablewatch/hazard"


def read(record: Record) -> Received[Any]:
    """The record's event. Raises Invalid."""
    try:
        return decode(record.topic, record.key, record.value, record.headers)
    except ContractError as error:
        raise Invalid(error.code, error.reason) from error


def read_or_none(record: Record) -> Any:
    """The event, or None for a tombstone and for what nobody can read (its consumer group dead-letters that)."""
    try:
        return decode(record.topic, record.key, record.value, record.headers).event
    except ContractError:
        return None
