"""Times on the wire: RFC 3339, UTC, millisecond precision, `2026-11-23T09:00:00.000Z`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.json import Encoder

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Writes `"2026-11-23T09:00:00.123456Z"`, the fraction only where there is one: in a quarter of isoformat's time.
_text = Encoder().encode
_WITH_FRACTION = len('"2026-11-23T09:00:00.123456Z"')


def read_time(text: Any) -> datetime:
    """An aware UTC datetime. Raises ValueError without an offset, OverflowError past year 9999, TypeError if no str."""
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
    text = _text(time).decode()
    return text[1:24] + "Z" if len(text) == _WITH_FRACTION else text[1:20] + ".000Z"


def in_utc(value: Any) -> Any:
    """The same event with every time in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Struct):
        return type(value)(**{name: in_utc(getattr(value, name)) for name in value.__struct_fields__})
    return tuple(map(in_utc, value)) if isinstance(value, tuple) else value


def to_ms(time: datetime) -> int:
    """Milliseconds since 1970, cut off. Raises TypeError on a naive time."""
    return (time - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Aware UTC datetime, exact to the millisecond (no float in between)."""
    return _EPOCH + timedelta(milliseconds=ms)
