"""Times on the wire: RFC 3339, UTC, millisecond precision, `2026-11-23T09:00:00.000Z`."""

from datetime import UTC, datetime, timedelta
from typing import Any

STRINGS = frozenset({str})
NUMBERS = frozenset({int, float})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_time(text: Any) -> datetime:
    """An aware UTC datetime. Raises ValueError without an offset, TypeError if not a string."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is UTC:
        return time
    if time.tzinfo is None:
        raise ValueError(f"no UTC offset: {text}")
    return time.astimezone(UTC)


def write_time(time: datetime) -> str:
    """The wire's text; finer than a millisecond is cut off. Raises ValueError on a naive time."""
    if time.tzinfo is not UTC:
        if time.tzinfo is None:
            raise ValueError(f"a time without a zone: {time}")
        time = time.astimezone(UTC)
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def to_ms(time: datetime) -> int:
    """Milliseconds since 1970, cut off. Raises TypeError on a naive time."""
    return (time - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Aware UTC datetime, exact to the millisecond (no float in between)."""
    return _EPOCH + timedelta(milliseconds=ms)
