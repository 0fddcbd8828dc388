"""Conditional requests, RFC 9110 section 13: whether a GET or HEAD is answered with bytes, and with which. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum

_TAG = re.compile(r'\s*((?:W/)?"[^"]*"|\*)\s*(?:,|$)')
_STRONG_AFTER = timedelta(seconds=1)
"""A date of whole seconds names one version only when it was over before anybody asked (8.8.2.2)."""


class Outcome(Enum):
    """What a request's conditions come to."""

    SEND = 200
    NOT_MODIFIED = 304
    FAILED = 412


@dataclass(frozen=True, slots=True)
class Validators:
    """Of a representation: a strong tag with its quotes, and when it was made, None where nobody knows."""

    tag: str
    modified: datetime | None = None

    @property
    def last_modified(self) -> str | None:
        """Last-Modified, to the second."""
        return None if self.modified is None else format_datetime(self.modified.astimezone(UTC), usegmt=True)


def evaluate(headers: Mapping[str, str], found: Validators) -> Outcome:
    """In the order of 13.2.2; the names of `headers` are in lower case. A date that is none is as if it were not sent.

    If-Match compares strongly, If-None-Match weakly; each of them wins over the date beside it.
    """
    if (if_match := headers.get("if-match")) is not None:
        if not _names(if_match, found.tag, weak=False):
            return Outcome.FAILED
    elif _changed_since(found, _date(headers.get("if-unmodified-since"))) is True:
        return Outcome.FAILED
    if (if_none_match := headers.get("if-none-match")) is not None:
        return Outcome.NOT_MODIFIED if _names(if_none_match, found.tag, weak=True) else Outcome.SEND
    unchanged = _changed_since(found, _date(headers.get("if-modified-since"))) is False
    return Outcome.NOT_MODIFIED if unchanged else Outcome.SEND


def wants_range(headers: Mapping[str, str], found: Validators, now: datetime) -> bool:
    """Whether a Range counts, by If-Range (13.1.5): a strong tag, or the exact date where that is a strong one."""
    validator = headers.get("if-range")
    if validator is None:
        return True
    validator = validator.strip()
    if validator.startswith(('"', "W/")):
        return validator == found.tag
    modified = _whole_seconds(found)
    return modified is not None and _date(validator) == modified and now - modified >= _STRONG_AFTER


def _names(header: str, tag: str, *, weak: bool) -> bool:
    tags: list[str] = _TAG.findall(header)
    return "*" in tags or any((each.removeprefix("W/") if weak else each) == tag for each in tags)


def _changed_since(found: Validators, date: datetime | None) -> bool | None:
    """None where a date is missing on either side: then it decides nothing."""
    modified = _whole_seconds(found)
    return None if date is None or modified is None else modified > date


def _whole_seconds(found: Validators) -> datetime | None:
    return None if found.modified is None else found.modified.astimezone(UTC).replace(microsecond=0)


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
