"""Records to events. What can never be decoded is Invalid: the consumer group dead-letters it."""

from typing import Any, TypeVar

from chassis.outcomes import Invalid
from chassis.records import Record
from tablewatch_schemas import ContractError, Event, Received, decode, decode_as

E = TypeVar("E")


def decode_record(record: Record) -> Received[Any]:
    """The event of a record of any topic. Raises Invalid with the code and reason of the ContractError behind it."""
    try:
        return decode(record.topic, record.key, record.value, record.headers)
    except ContractError as error:
        raise Invalid(error.code, error.reason) from error


def decode_record_as(event_type: type[E], record: Record) -> Received[E]:
    """As `decode_record`, typed as the event of one topic."""
    try:
        return decode_as(event_type, record.key, record.value, record.headers)
    except ContractError as error:
        raise Invalid(error.code, error.reason) from error


def event_or_none(record: Record) -> Event | None:
    """The event; None for a tombstone, and for a record that cannot be decoded.

    For readers without a group: the dead letter is the matter of the group that reads the same topic.
    """
    try:
        return decode(record.topic, record.key, record.value, record.headers).event
    except ContractError:
        return None
