"""Playlists of HLS (RFC 8216): which segments there are, and what of them is refused. Pure.

Parsed by m3u8; what a playlist says is not trusted: addresses have to be of HTTP, numbers finite and not too many.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import m3u8

from extractor.model.camera_failures import ElsewhereNotAllowed, NotAPlaylist, StreamEncrypted
from outbound import HTTP, BadAddress, parse
from outbound.address import joined

MAX_DURATION_S = 60.0
"""Of a segment; live ones have two to ten seconds."""
MAX_SEGMENTS = 20_000
MAX_VARIANTS = 200
LARGEST = 1920 * 1080
"""Of several renditions the best is taken that has no more pixels."""
_RANGE = re.compile(r"(\d{1,12})(?:@(\d{1,15}))?")
_VIDEO = ("avc", "hvc", "hev", "av01", "vp0", "mp4v", "dvh")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes at an address: all, or `length` of them from `begin`."""

    address: str
    begin: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """`date_s` is the Unix time of its first picture, `dated` whether that stands at itself or was added up.

    `head` has to stand before it (EXT-X-MAP); `begins`: its times do not go on from the segment before.
    """

    number: int
    part: Part
    duration_s: float
    date_s: float | None
    dated: bool
    head: Part | None
    begins: bool
    missing: bool


@dataclass(frozen=True, slots=True)
class Media:
    """A media playlist as it is now, oldest segment first; `ended`: nothing will be added."""

    target_s: float
    segments: Sequence[Segment]
    ended: bool


@dataclass(frozen=True, slots=True)
class Variant:
    """A rendition of a master playlist; `pixels` 0 where it does not say."""

    address: str
    bandwidth: int
    pixels: int


def read_playlist(text: str, base: str) -> Media | Variant:
    """A media playlist, or of a master playlist the rendition that is taken. `base` is where it stands.

    Raises NotAPlaylist, StreamEncrypted, ElsewhereNotAllowed.
    """
    if not text.lstrip("\ufeff").startswith("#EXTM3U"):
        raise NotAPlaylist("")
    try:
        parsed = m3u8.loads(text.lstrip("\ufeff"))
        if parsed.is_variant:
            return best([_variant(each, base) for each in parsed.playlists[:MAX_VARIANTS] if _has_video(each)])
        return _media(parsed, base)
    except BadAddress as error:
        raise ElsewhereNotAllowed(f"an address in the playlist: {error}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        raise NotAPlaylist(type(error).__name__) from error


def best(variants: Sequence[Variant]) -> Variant:
    """The most bandwidth of those that are not too large, else the least of all. Raises NotAPlaylist without any."""
    if not variants:
        raise NotAPlaylist("no rendition with pictures")
    fitting = [each for each in variants if each.pixels <= LARGEST]
    if fitting:
        return max(fitting, key=lambda each: each.bandwidth)
    return min(variants, key=lambda each: each.pixels)


def _variant(parsed: Any, base: str) -> Variant:
    width, height = parsed.stream_info.resolution or (0, 0)
    return Variant(_address(parsed.uri, base), int(parsed.stream_info.bandwidth or 0), int(width) * int(height))


def _has_video(parsed: Any) -> bool:
    """Sound alone says so by its codecs."""
    codecs = str(parsed.stream_info.codecs or "").lower()
    return not codecs or bool(parsed.stream_info.resolution) or any(each in codecs for each in _VIDEO)


def _media(parsed: Any, base: str) -> Media:
    if len(parsed.segments) > MAX_SEGMENTS or parsed.is_i_frames_only:
        raise NotAPlaylist("too many segments, or keyframes alone")
    target = _duration(parsed.target_duration)
    return Media(max(target, 0.5), list(_segments(parsed, base)), bool(parsed.is_endlist))


def _segments(parsed: Any, base: str) -> Iterator[Segment]:
    date_s: float | None = None
    behind: dict[str, int] = {}
    first = int(parsed.media_sequence or 0)
    for index, each in enumerate(parsed.segments):
        if each.key is not None and str(each.key.method).upper() != "NONE":
            raise StreamEncrypted(str(each.key.method)[:20])
        dated = each.program_date_time is not None
        if dated:
            date_s = _unix(each.program_date_time)
        elif each.discontinuity:
            date_s = None  # time does not go on from before: what was added up is not the time of this one
        duration_s = _duration(each.duration)
        part = _part(each.uri, each.byterange, base, behind)
        head = (
            None if each.init_section is None else _part(each.init_section.uri, each.init_section.byterange, base, {})
        )
        yield Segment(
            *(first + index, part, duration_s, date_s, dated, head),
            begins=bool(each.discontinuity),
            missing=bool(each.gap_tag),
        )
        date_s = None if date_s is None else date_s + duration_s


def _part(uri: str, byterange: str | None, base: str, behind: dict[str, int]) -> Part:
    """A range without a beginning goes on where that of before ended (4.3.2.2)."""
    address = _address(uri, base)
    if byterange is None:
        return Part(address)
    found = _RANGE.fullmatch(byterange)
    if found is None:
        raise ValueError("a byte range that cannot be read")
    length, begin = int(found[1]), int(found[2]) if found[2] is not None else behind.get(address, 0)
    behind[address] = begin + length
    return Part(address, begin, length)


def _address(uri: str, base: str) -> str:
    """Raises BadAddress: for `file:`, `concat:`, `data:` and all that is not HTTP."""
    address = joined(base, uri)
    parse(address, HTTP)
    return address


def _duration(seconds: object) -> float:
    found = float(str(seconds))
    if not math.isfinite(found) or not 0 <= found <= MAX_DURATION_S:
        raise ValueError("a duration that no live segment has")
    return found


def _unix(date: datetime) -> float:
    return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp()
