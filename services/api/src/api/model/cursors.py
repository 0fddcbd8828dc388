"""Where a page of a list ended, as text that the next request sends back. Pure."""

from datetime import datetime

from api.model.types import Json
from tablewatch_schemas.foreign import read_number
from tablewatch_schemas.times import read_time

TransitionPosition = tuple[datetime, str, int]
"""since, state_key and version of a table's transition."""


def hazard_cursor(document: Json) -> str:
    """Position of an alert in a list that is sorted by `opened_at`."""
    return f"{document['opened_at']}~{document['hazard_id']}"


def read_hazard_cursor(cursor: str) -> tuple[datetime, str]:
    """(opened_at, hazard_id). Raises ValueError."""
    opened_at, _, hazard_id = cursor.partition("~")
    return _time(opened_at), hazard_id


def transition_cursor(position: TransitionPosition) -> str:
    """The position as text."""
    since, state_key, version = position
    return f"{since.isoformat()}~{state_key}~{version}"


def read_transition_cursor(cursor: str) -> TransitionPosition:
    """Raises ValueError."""
    since, state_key, version = cursor.split("~")
    return _time(since), state_key, read_number(version)


def _time(text: str) -> datetime:
    try:
        return read_time(text)
    except OverflowError as error:
        raise ValueError(f"no time in UTC: {text}") from error
