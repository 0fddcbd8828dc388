"""A local file: a still that another program writes again and again, or a video that is shown in a loop."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from extractor.live.reader import Frame, Sign
from extractor.live.sources.decoders import Wanted
from extractor.live.sources.folder import Version, open_file
from extractor.live.sources.source import Asked, SourceParts, frame_of, unix
from extractor.live.sources.spool import Spool
from extractor.live.sources.watched import Watched
from extractor.model.camera_failures import (
    BadAddress,
    NoSuchFile,
    NotAVideo,
    PictureIncomplete,
    PictureUnchanged,
    TooMuchData,
)
from extractor.model.capture_time import ERROR_S, MAX_AHEAD_S, CaptureTime
from extractor.model.stills import PATIENCE_S, Lasting, Tags, is_picture, is_whole
from outbound import BadAddress as Unreadable
from outbound.paths import parse_path

PICTURE_BYTES = 32 << 20
MAGIC_BYTES = 8
SETTLED_S = 0.2
"""A file that was written so recently is looked at again before it is read: it may be written in place, over the
picture of before, and that has an end."""
LEAST_VIDEO_S = 0.1


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file as it was: what it holds if it is a whole still, None if it is a video."""

    version: Version
    still: bytes | None


class File:
    """A session. The file is opened anew for each picture, as a program may put another in its place."""

    sign: Sign | None = None
    rhythm_s = 0.0

    def __init__(self, asked: Asked, parts: SourceParts, names: tuple[str, ...]) -> None:
        self._asked, self._parts, self._names, self._clock = asked, parts, names, parts.clock
        self._due = parts.clock.monotonic()
        patience_s = max(PATIENCE_S, 3 * asked.every_s)
        self._incomplete, self._patience_s = Lasting(patience_s), patience_s
        self._watched = Watched(parts.decoders)
        self._seen: Version | None = None
        self._taken: Version | None = None
        self._video: tuple[Version, float] | None = None
        """And its length, seconds."""

    async def next_frame(self) -> tuple[Frame, bytes]:
        """Raises CameraFailed."""
        while True:
            await self._clock.sleep(max(0.0, self._due - self._clock.monotonic()))
            found = await self._look()
            now = self._clock.monotonic()
            if self._incomplete.note(found is None, now):
                raise PictureIncomplete
            if found is None:
                self._due = now + min(SETTLED_S, self._asked.every_s)
                continue
            self._due = max(self._due + self._asked.every_s, now)
            self._taken = found.version
            if found.still is None:
                return await self._of_video(found.version)
            if self._asked.freshness.is_new(found.still, Tags(), now):
                return await self._of_still(found.still, found.version)
            if self._asked.freshness.unchanged_s(now) > self._patience_s:
                raise PictureUnchanged

    def refer(self, jpeg: bytes) -> None:
        self._watched.refer(jpeg)

    async def _look(self) -> _Looked | None:
        """None while it is being written. Raises CameraFailed."""
        try:
            file = await asyncio.to_thread(open_file, self._parts.files, self._asked.site_id, self._names)
        except NoSuchFile:
            if self._seen is None:
                raise
            return None  # it was there: it is being replaced
        try:
            return await asyncio.to_thread(self._read, file)
        finally:
            os.close(file)

    def _read(self, file: int) -> _Looked | None:
        version, before = Version.of(file), self._seen
        self._seen = version
        age_s = unix(self._clock.now()) - version.modified_ns / 1e9
        if version != before and 0 <= age_s < SETTLED_S:
            return None
        magic = os.pread(file, MAGIC_BYTES, 0)
        if len(magic) < MAGIC_BYTES:
            return None
        if not is_picture(magic):
            return _Looked(version, None)
        if version.size > PICTURE_BYTES:
            raise TooMuchData(f"{version.size} bytes")
        data = os.pread(file, version.size, 0)
        whole = is_whole(data) and Version.of(file) == version
        return _Looked(version, data) if whole else None

    async def _of_still(self, data: bytes, version: Version) -> tuple[Frame, bytes]:
        with Spool(data) as spool:
            wanted = Wanted("still", self._parts.quality)
            at_s = self._clock.monotonic()
            [(decoded, picture)] = await self._watched.next_pictures(spool.sealed(), wanted, at_s)
        now_s, written_s = unix(self._clock.now()), version.modified_ns / 1e9
        at_s = written_s if written_s <= now_s + MAX_AHEAD_S else now_s
        return frame_of(decoded, CaptureTime(at_s, "receipt", ERROR_S["receipt"])), picture

    async def _of_video(self, version: Version) -> tuple[Frame, bytes]:
        """The picture that is shown now, if a round begins whenever Unix time is a multiple of the length."""
        file = await asyncio.to_thread(open_file, self._parts.files, self._asked.site_id, self._names)
        try:
            if self._video is None or self._video[0] != version:
                first, _ = await self._watched.picture(file, Wanted("video", self._parts.quality, [0]))
                if first.length_ms is None or first.length_ms < LEAST_VIDEO_S * 1000:
                    raise NotAVideo
                self._video = version, first.length_ms / 1000
            now_s = unix(self._clock.now())
            at_ms = round(now_s % self._video[1] * 1000)
            wanted = Wanted("video", self._parts.quality, [at_ms])
            decoded, picture = await self._watched.picture(file, wanted)
        finally:
            os.close(file)
        return frame_of(decoded, CaptureTime(now_s, "receipt", ERROR_S["receipt"])), picture


@asynccontextmanager
async def files(asked: Asked, parts: SourceParts) -> AsyncIterator[File]:
    """Raises BadAddress."""
    try:
        names = parse_path(asked.address)
    except Unreadable as error:
        raise BadAddress(str(error)) from error
    yield File(asked, parts, names)
