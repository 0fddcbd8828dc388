"""A camera that answers a request with a picture, as most do: asked once in each cadence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from extractor.live.reader import Frame, Sign
from extractor.live.sources.decoders import Wanted
from extractor.live.sources.fetching import as_failures, check_status, opened_client
from extractor.live.sources.source import Asked, SourceParts, frame_of, unix
from extractor.live.sources.spool import Spool
from extractor.live.sources.watched import Watched
from extractor.model.camera_failures import NotAPicture, PictureIncomplete, PictureUnchanged
from extractor.model.capture_time import CaptureTime
from extractor.model.stills import PATIENCE_S, Lasting, Tags, is_picture, is_whole, time_of_answer
from outbound.http import Answer, GuardedClient

PICTURE_BYTES = 32 << 20
FETCH_S = 15.0
"""For a whole picture; a camera that trickles is given up."""
NOT_MODIFIED = 304
NO_PICTURES = ("text/", "video/", "audio/", "multipart/")
"""Types of content that are refused before they are read: pages for people, and streams that never end."""
SOON_S = 0.5
"""After an incomplete picture the next is asked for so soon."""


@dataclass(frozen=True, slots=True)
class Still:
    """A whole picture that is another than the last, and when it was taken."""

    data: bytes
    captured: CaptureTime


class Snapshots:
    """A session: the client's connections are kept from picture to picture."""

    sign: Sign | None = None
    rhythm_s = 0.0

    def __init__(self, asked: Asked, parts: SourceParts, client: GuardedClient) -> None:
        self._asked, self._parts, self._client, self._clock = asked, parts, client, parts.clock
        self._due = parts.clock.monotonic()
        self._patience_s = max(PATIENCE_S, 3 * asked.every_s)
        self._incomplete = Lasting(self._patience_s)
        self._watched = Watched(parts.decoders)
        self._again_soon = False
        self._conditional = False
        """The first request of a session asks for the picture in any case: a server's tags may be wrong."""

    async def next_frame(self) -> tuple[Frame, bytes]:
        """Raises CameraFailed; PictureUnchanged where for some time there was none but the last."""
        while True:
            await self._clock.sleep(max(0.0, self._due - self._clock.monotonic()))
            still = await self._fetch()
            self._due = max(self._due + self._asked.every_s, self._clock.monotonic())
            if still is not None:
                with Spool(still.data) as spool:
                    wanted = Wanted("still", self._parts.quality)
                    at_s = self._clock.monotonic()
                    [(decoded, picture)] = await self._watched.next_pictures(spool.sealed(), wanted, at_s)
                return frame_of(decoded, still.captured), picture
            if self._again_soon:
                self._due = self._clock.monotonic() + min(SOON_S, self._asked.every_s)

    def refer(self, jpeg: bytes) -> None:
        self._watched.refer(jpeg)

    async def _fetch(self) -> Still | None:
        """None where there is nothing new, or nothing whole yet. Raises CameraFailed."""
        freshness = self._asked.freshness
        conditions = freshness.tags.conditions() if self._conditional else {}
        self._conditional = True
        asked_s = unix(self._clock.now())
        with as_failures():
            async with asyncio.timeout(FETCH_S), self._client.get(self._asked.address, conditions) as answer:
                answered_s = unix(self._clock.now())
                data = b"" if conditions and answer.status == NOT_MODIFIED else await _picture_of(answer)
        now = self._clock.monotonic()
        self._again_soon = bool(data) and not is_whole(data)
        if self._incomplete.note(self._again_soon, now):
            raise PictureIncomplete
        if self._again_soon:
            return None
        if not data or not freshness.is_new(data, Tags.of(answer.headers), now):
            if freshness.unchanged_s(now) > self._patience_s:
                raise PictureUnchanged
            return None
        headers = answer.headers if freshness.tags != Tags() else {}
        return Still(data, time_of_answer(headers, asked_s, answered_s))


@asynccontextmanager
async def snapshots(asked: Asked, parts: SourceParts) -> AsyncIterator[Snapshots]:
    """Raises CameraFailed."""
    async with opened_client(asked, parts) as client:
        yield Snapshots(asked, parts, client)


async def _picture_of(answer: Answer) -> bytes:
    """Raises NotAPicture, WrongPassword and the like, and what `as_failures` knows."""
    check_status(answer.status)
    kind = answer.headers.get("content-type", "").strip().lower()
    if kind.startswith(NO_PICTURES):
        raise NotAPicture(kind[:80])
    data = await answer.body(PICTURE_BYTES)
    if not is_picture(data):
        raise NotAPicture(kind[:80])
    return data
