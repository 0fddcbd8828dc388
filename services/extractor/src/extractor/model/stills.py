"""Single pictures that a camera or a program gives out: whether one is whole, new, and when it was taken. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from extractor.model.capture_time import ERROR_S, CaptureTime
from extractor.model.playlists import Part

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
JPEG_END, PNG_END = b"\xff\xd9", b"IEND\xaeB`\x82"
PADDING = b"\0\r\n "
"""Which some cameras send behind the picture."""
PATIENCE_S = 10.0
"""And at least three times the cadence: so long pictures may be the same, or have no end, before that is an error."""
HEADER_S = 1.0
"""The resolution of times in HTTP headers (RFC 9110, 5.6.7)."""
OLDEST_S = 86_400.0
"""A picture that its camera says is older is not believed to be: it counts from when it was switched on, perhaps."""


def is_picture(data: bytes) -> bool:
    """Whether it begins as JPEG or PNG does."""
    return data.startswith((JPEG, PNG))


def is_whole(data: bytes) -> bool:
    """Whether it has the end that a JPEG (T.81, B.1.1.3) or PNG has: one that is being written has none yet."""
    return data.rstrip(PADDING).endswith(JPEG_END if data.startswith(JPEG) else PNG_END)


@dataclass(frozen=True, slots=True)
class Tags:
    """By what a server says that its picture is the one of before (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Tags":
        return cls(headers.get("etag"), headers.get("last-modified"))

    def conditions(self) -> dict[str, str]:
        """Headers of a request for a newer one."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value is not None}


class Lasting:
    """Whether something has been wrong for too long."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._since: float | None = None

    def note(self, wrong: bool, now: float) -> bool:
        """True when it has been wrong for longer than `most_s`. `now`: monotonic seconds."""
        self._since = (now if self._since is None else self._since) if wrong else None
        return self._since is not None and now - self._since > self._most_s


class Freshness:
    """Of one camera, from session to session: the picture that came last, and since when there is no other.

    Its server's tags are believed until it gives another picture the same ones.
    """

    def __init__(self) -> None:
        self._digest: bytes | None = None
        self._tags = Tags()
        self._tags_lie = False
        self._since = 0.0
        self.segment: Part | None = None
        """Of HLS: the one that was read last, which the next session does not read again."""

    def is_new(self, data: bytes, tags: Tags, now: float) -> bool:
        """Whether this is another picture than the last. `now`: monotonic seconds."""
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if digest == self._digest:
            return False
        if self._digest is not None and tags == self._tags and tags != Tags():
            self._tags_lie = True
        self._digest, self._tags, self._since = digest, tags, now
        return True

    def unchanged_s(self, now: float) -> float:
        """For how long the last picture is the same."""
        return now - self._since if self._digest is not None else 0.0

    @property
    def tags(self) -> Tags:
        """Of the last picture; none that are known to lie."""
        return Tags() if self._tags_lie else self._tags


def time_of_answer(headers: Mapping[str, str], asked_s: float, answered_s: float) -> CaptureTime:
    """When the picture of an answer was taken. Unix times of the request and of the answer's first byte.

    In the middle of the two, as a camera takes it when it is asked; unless it says that it took it earlier. Of that
    only the age is believed, by which `Last-Modified` is before `Date`: both are of one clock, whatever that is.
    """
    half_s = max(0.0, answered_s - asked_s) / 2
    age_s = age_of(headers)
    if age_s is not None and HEADER_S < age_s <= OLDEST_S:
        return CaptureTime(answered_s - age_s, "camera", HEADER_S + 2 * half_s)
    return CaptureTime(answered_s - half_s, "receipt", ERROR_S["receipt"] + half_s)


def age_of(headers: Mapping[str, str]) -> float | None:
    """How much older the picture is than the answer, as its server says (RFC 9111, 4.2.3), seconds; else None."""
    date, modified = _time(headers.get("date")), _time(headers.get("last-modified"))
    if date is None or modified is None or modified > date:
        return None
    cached = headers.get("age", "0")
    return (date - modified).total_seconds() + (int(cached) if cached.isascii() and cached.isdecimal() else 0)


def _time(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
