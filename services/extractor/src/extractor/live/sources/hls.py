"""HLS: the playlist is read again and again, and of each new segment what is due is fetched and decoded."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from extractor.live.reader import Frame, Sign
from extractor.live.sources.decoders import Wanted
from extractor.live.sources.fetching import as_failures, check_status, opened_client
from extractor.live.sources.source import Asked, SourceParts, frame_of, unix
from extractor.live.sources.spool import Spool
from extractor.live.sources.watched import Watched
from extractor.model.camera_failures import (
    HttpError,
    NoAnswer,
    NoPicture,
    NotAPlaylist,
    PlaylistEnded,
    PlaylistStandsStill,
    SessionEnded,
    TooSlow,
    WrongPath,
)
from extractor.model.playlists import Media, Part, Segment, read_playlist
from extractor.model.segment_times import Due, Listed, SegmentClock, refusal
from extractor.model.stills import PATIENCE_S
from outbound.http import GuardedClient

PLAYLIST_BYTES, SEGMENT_BYTES = 1 << 20, 64 << 20
PLAYLIST_S, SEGMENT_S = 10.0, 15.0
"""For a whole one; for a segment at least twice its duration."""
POLL_S = (0.5, 5.0)
"""Between two looks at the playlist, at least and at most; else half a target duration (RFC 8216, 6.3.4)."""
MOST_WAITING = 3
"""Segments; of a stream that is faster than we are the oldest are left out."""
MOST_LOST = 3
"""Segments one after another that cannot be had, or read."""
MAX_CLOCK_STEP_S = 1.0
"""By which our clock may be set while a session lasts."""
MOST_MASTERS = 2
"""A master playlist leads to a media playlist, not to a third."""
MAY_PASS = (WrongPath, HttpError, NoAnswer, NoPicture, SessionEnded, TooSlow)
"""Of a segment: it may have left the playlist, and be gone, by the time that it is fetched. Of a playlist as well."""


class Hls:
    """A session."""

    def __init__(self, asked: Asked, parts: SourceParts, client: GuardedClient) -> None:
        self._asked, self._parts, self._client, self._clock = asked, parts, client, parts.clock
        self._address: str | None = None
        """Of the media playlist; None until it is known."""
        self._waiting: deque[tuple[Listed, SegmentClock]] = deque()
        self._ready: deque[tuple[Frame, bytes]] = deque()
        self._due, self._times = Due(asked.every_s), SegmentClock()
        self._last: Segment | None = None
        self._line_s = 0.0
        self._looked_s: float | None = None
        self._new_at = parts.clock.monotonic()
        self._steady_s = unix(parts.clock.now()) - self._new_at
        self._target_s = 2.0
        self._head: tuple[Part, bytes] | None = None
        self._watched = Watched(parts.decoders)
        self._lost = self._segments = 0
        self._refusal: str | None = "no_report"

    @property
    def sign(self) -> Sign | None:
        return Sign(self._segments, "", self._refusal)

    @property
    def rhythm_s(self) -> float:
        """A segment is there when its last picture is, and seen up to half a segment later."""
        return 1.5 * self._target_s

    async def next_frame(self) -> tuple[Frame, bytes]:
        """Raises CameraFailed."""
        while not self._ready:
            while not self._waiting:
                await self._look()
            listed, times = self._waiting.popleft()
            wanted = self._due.wanted(listed)
            if not wanted or listed.segment.missing:
                continue
            try:
                await self._read(listed, times, [round(each * 1000) for each in wanted])
                self._lost = 0
            except MAY_PASS:
                self._lost += 1
                if self._lost >= MOST_LOST:
                    raise
        return self._ready.popleft()

    def refer(self, jpeg: bytes) -> None:
        self._watched.refer(jpeg)

    async def _look(self) -> None:
        """At the playlist, when it is time. Raises CameraFailed where it stands still, or is away, for too long."""
        now = self._clock.monotonic()
        pause = min(max(self._target_s / 2, POLL_S[0]), POLL_S[1])
        if self._looked_s is not None:
            await self._clock.sleep(max(0.0, self._looked_s + pause - now))
        if abs(unix(self._clock.now()) - self._clock.monotonic() - self._steady_s) > MAX_CLOCK_STEP_S:
            raise SessionEnded("our clock was set")
        now, before = self._clock.monotonic(), self._looked_s
        self._looked_s = now
        too_long = now - self._new_at > max(PATIENCE_S, 3 * self._target_s)
        try:
            media = await self._media()
        except MAY_PASS:
            if self._last is None or too_long:
                raise
            return
        self._target_s = media.target_s
        if self._list(media, media.target_s if before is None else now - before):
            self._new_at = now
        elif media.ended:
            raise PlaylistEnded
        elif too_long:
            raise PlaylistStandsStill

    def _list(self, media: Media, unseen_s: float) -> bool:
        """Take what is new in it; whether there was anything. `unseen_s`: since the look before."""
        listed, last = media.segments, self._last
        if not listed or (last is None and media.ended):
            return False
        new = [each for each in listed if last is None or each.number > last.number]
        begins_anew = last is None or listed[-1].number < last.number
        if begins_anew:
            new = list(listed[-1:])  # the newest: a session begins with what is seen now
        seen_s = unix(self._clock.now())
        for each in new:
            left_out = self._last is not None and each.number != self._last.number + 1
            if each.begins or left_out or begins_anew:
                self._times = SegmentClock()
            self._last = each
            entry = Listed(each, self._line_s, seen_s)
            self._line_s = entry.ends_s
            self._times.listed(entry, unseen_s)
            if not begins_anew or each.part != self._asked.freshness.segment:
                self._waiting.append((entry, self._times))
        while len(self._waiting) > MOST_WAITING:
            for _ in self._due.wanted(self._waiting.popleft()[0]):
                self._asked.dropped()
        return bool(new)

    async def _read(self, listed: Listed, times: SegmentClock, at_ms: list[int]) -> None:
        segment, data = listed.segment, b""
        if segment.head is not None:
            if self._head is None or self._head[0] != segment.head:
                self._head = segment.head, await self._part(segment.head, segment.duration_s)
            data = self._head[1]
        data += await self._part(segment.part, segment.duration_s)
        self._asked.freshness.segment = segment.part
        with Spool(data) as spool:
            wanted = Wanted("segment", self._parts.quality, at_ms, round(self._asked.every_s * 500))
            found = await self._watched.next_pictures(spool.sealed(), wanted, listed.begins_s)
        self._segments += 1
        self._refusal = refusal(listed, self._target_s)
        for decoded, picture in found:
            captured = times.captured(listed, decoded.at_ms / 1000, self._target_s)
            self._ready.append((frame_of(decoded, captured), picture))

    async def _media(self) -> Media:
        """The media playlist as it is now; which of several is taken is decided once in a session."""
        for _ in range(MOST_MASTERS):
            address = self._address or self._asked.address
            with as_failures(elsewhere=address != self._asked.address):
                async with asyncio.timeout(PLAYLIST_S), self._client.get(address) as answer:
                    check_status(answer.status)
                    body = await answer.body(PLAYLIST_BYTES)
                    base = answer.address
            try:
                text = body.decode()
            except UnicodeDecodeError as error:
                raise NotAPlaylist from error
            found = await asyncio.to_thread(read_playlist, text, base)
            if isinstance(found, Media):
                self._address = address
                return found
            self._address = found.address
        raise NotAPlaylist("one that leads to others again and again")

    async def _part(self, part: Part, duration_s: float) -> bytes:
        """Raises CameraFailed."""
        ranged = {} if part.length is None else {"Range": f"bytes={part.begin}-{part.begin + part.length - 1}"}
        with as_failures(elsewhere=True):
            async with (
                asyncio.timeout(max(SEGMENT_S, 2 * duration_s)),
                self._client.get(part.address, ranged) as answer,
            ):
                check_status(answer.status)
                data = await answer.body(SEGMENT_BYTES)
                ignored = ranged and answer.status != 206
        if part.length is None:
            return data
        data = data[part.begin if ignored else 0 :][: part.length]
        if len(data) < part.length:
            raise SessionEnded("a byte range that is not there")
        return data


@asynccontextmanager
async def hls(asked: Asked, parts: SourceParts) -> AsyncIterator[Hls]:
    """Raises CameraFailed."""
    async with opened_client(asked, parts) as client:
        yield Hls(asked, parts, client)
