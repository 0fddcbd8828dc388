"""One camera: sessions one after another, each until it fails; in between a wait that grows."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from chassis.backoff import Backoff
from chassis.clock import Clock
from chassis.metrics import Metrics
from credentials import Credentials
from events.documents import Documents
from extractor.live.drops import Drops
from extractor.live.frames import FrameWriter, Published
from extractor.live.health import CameraHealth
from extractor.live.opening import SiteHours
from extractor.live.proposals import Aligner, Proposals
from extractor.live.reader import Channel, Frame, Opening, Sign
from extractor.live.readers import Readers
from extractor.live.relay import Target
from extractor.live.rows import Claimed
from extractor.live.secrets import Secrets
from extractor.live.snapshots import Snapshots
from extractor.live.sources.open import OPENERS
from extractor.live.sources.source import Asked, FrameSource, SourceParts
from extractor.live.target import target_of
from extractor.metrics import CAMERA_SESSIONS
from extractor.model.camera_failures import (
    CameraFailed,
    CredentialsNotReadable,
    ReaderCrashed,
)
from extractor.model.camera_status import Seen
from extractor.model.capture_time import Rising
from extractor.model.stills import Freshness
from objects.store import ObjectStore
from outbound import Address, Policy
from tablewatch_schemas import CameraConfig, CameraStatusLayoutProposal
from tablewatch_schemas.times import from_ms

BACKOFF = Backoff(first_s=0.5, max_s=30.0)
SETTLED_S = 10.0
"""A session that lasted so long and brought a frame was a good one: the wait after it begins anew."""
CRASHES = 2
"""Of its reader, after which a camera gets one of its own: it may be the one that crashes it, and then the others are
rid of it."""
HARMLESS_S = 600.0
"""After a session that lasted so long they are counted anew, and the camera shares a reader again."""


@dataclass(frozen=True, slots=True)
class CaptureParts:
    """What all captures of a process share. `authority`: whom RTSPS cameras' certificates are checked against."""

    readers: Readers
    store: ObjectStore
    documents: Documents
    aligner: Aligner
    sources: SourceParts
    writer: FrameWriter
    drops: Drops
    secrets: Secrets
    hours: SiteHours
    policy: Policy
    authority: ssl.SSLContext
    quality: int
    clock: Clock
    metrics: Metrics
    log: Any


class Capture:
    """Runs until it is stopped. `config` may change while it runs; another source or cadence is another session.

    Outside its opening hours it rests, without a session, and begins again by itself.
    """

    def __init__(self, claimed: Claimed, parts: CaptureParts) -> None:
        self.claimed, self._parts = claimed, parts
        self._health = CameraHealth(parts.clock, claimed.status)
        self._source: FrameSource | None = None
        self._rhythm_s = 0.0
        self._published: Published | None = None
        self._rising = Rising(claimed.captured_ms)
        self.last_frame_at = None if claimed.captured_ms is None else from_ms(claimed.captured_ms)
        """Capture time of the last good frame, also of the process that had the camera before."""
        self.reported: tuple[bool, bool] | None = None
        """Whether its newest status had a last frame and a snapshot; None: this process has reported none."""
        self._freshness = Freshness()
        self._snapshots = Snapshots(parts.store, parts.clock)
        self._proposals = Proposals(
            *(parts.store, parts.aligner, parts.documents, parts.clock, parts.log, claimed.layout_proposal)
        )
        self._refusal: str | None = None
        self._closed = parts.hours.closed(claimed.config, parts.clock.now())
        self._task = None if self._closed else asyncio.ensure_future(self._run())

    @property
    def config(self) -> CameraConfig:
        return self.claimed.config

    @property
    def seen(self) -> Seen:
        """What its status is concluded from."""
        plays = isinstance(self._source, Channel) and self._source.plays
        seen = self._health.seen(self._every, plays=plays)
        return replace(seen, closed=self._closed, source_version=self.config.source_version)

    @property
    def _every(self) -> timedelta:
        """Between two pictures: as they are asked for, and as they can come."""
        return max(timedelta(milliseconds=self.config.cadence_ms), timedelta(seconds=self._rhythm_s))

    @property
    def snapshot_key(self) -> str | None:
        """Of the last good snapshot."""
        return self._snapshots.key(self.config)

    @property
    def has(self) -> tuple[bool, bool]:
        """A last frame, and a snapshot."""
        return self.last_frame_at is not None, self.snapshot_key is not None

    @property
    def gained(self) -> bool:
        """Whether it has what its newest status lacked: the first frame is stored after it made the camera live."""
        return self.reported is not None and self.has > self.reported

    @property
    def layout_proposal(self) -> CameraStatusLayoutProposal | None:
        """Where its tables are since it was moved."""
        return self._proposals.standing(self.config)

    @property
    def captured_ms(self) -> int | None:
        """Unix ms of the last frame, for the process that has the camera next."""
        return self._rising.last_ms

    def update(self, claimed: Claimed) -> None:
        """As the row is now."""
        before, self.claimed = self.config, claimed
        if before.layout_version != self.config.layout_version:
            self._health.drawn_anew()
        if (before.source, before.cadence_ms) != (self.config.source, self.config.cadence_ms):
            # What was published is of another view: the new one is neither live by it nor compared with it
            self._proposals.forget()
            self.last_frame_at = None
            self._begin_anew(CameraHealth(self._parts.clock))

    def observe_hours(self, *, may_open: bool) -> bool:
        """Rest, or go on, as the opening hours have it; True if it goes on now. It does not unless it `may_open`."""
        closed = self._parts.hours.closed(self.config, self._parts.clock.now())
        if closed is None and self._closed is not None:
            if may_open:
                self._closed = None
                self._parts.log.info("camera_opens", camera_id=self.config.camera_id)
                self._begin_anew(self._health.after_rest())
            return may_open
        if closed is not None and self._closed is None:
            self._parts.log.info("camera_rests", camera_id=self.config.camera_id, reason=closed.reason)
            self._cancel()
        self._closed = closed
        return False

    async def stop(self) -> None:
        """At once; nothing is published any more when it returns."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._proposals.stop()

    def crashed(self) -> BaseException | None:
        """What ended it, though it should never end: a fault of ours."""
        task = self._task
        return task.exception() if task is not None and task.done() and not task.cancelled() else None

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _begin_anew(self, health: CameraHealth) -> None:
        self._cancel()
        self._health, self._published, self._rhythm_s = health, None, 0.0
        self._freshness = Freshness()
        if self._closed is None:
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        attempt, crashes, clock = 0, 0, self._parts.clock
        while True:
            began, before = clock.monotonic(), self._published
            try:
                await self._session(alone=crashes >= CRASHES)
            except CameraFailed as failed:
                self._health.ends(failed)
                crashes = 0 if clock.monotonic() - began > HARMLESS_S else crashes
                crashes += isinstance(failed, ReaderCrashed)
                was_good = self._published is not before and clock.monotonic() - began > SETTLED_S
                attempt = 1 if was_good else attempt + 1
                wait_s = BACKOFF.delay_s(attempt)
                self._parts.metrics.count(CAMERA_SESSIONS, code=failed.code)
                ids = {"camera_id": self.config.camera_id, "site_id": self.config.site_id}
                self._parts.log.warning(
                    "camera_session_ended",
                    **ids,
                    code=failed.code,
                    detail=failed.detail,
                    attempt=attempt,
                    wait_s=round(wait_s, 1),
                )
                await clock.sleep(wait_s)

    async def _session(self, *, alone: bool) -> None:
        """Raises CameraFailed."""
        self._health.opens()
        async with self._opened(alone=alone) as self._source:
            try:
                await self._begin(self._source)
                while True:
                    await self._take(self._source)
            finally:
                self._source = None

    async def _begin(self, source: FrameSource) -> None:
        try:
            await self._snapshots.begin(self.config, source)
        except OSError as error:
            self._parts.log.warning("snapshot_put_off", camera_id=self.config.camera_id, error=repr(error))

    async def _take(self, source: FrameSource) -> None:
        """The next picture. Raises CameraFailed at the end of the session."""
        frame, picture = await source.next_frame()
        self._note_clock(source.sign)
        self._rhythm_s = source.rhythm_s
        self._health.takes(frame.scene, frame.packets, self._every)
        published = await self._parts.writer.write(self.config, frame, picture, self._rising, self._published)
        if published is not None:
            self._published, self.last_frame_at = published, published.captured_at
            self._health.stored()
            await self._compare(source, frame, picture)

    async def _compare(self, source: FrameSource, frame: Frame, picture: bytes) -> None:
        try:
            if frame.scene is not None:
                await self._snapshots.take(self.config, source, picture, frame.scene, self._health.health)
        except OSError as error:
            self._parts.log.warning("snapshot_put_off", camera_id=self.config.camera_id, error=repr(error))
        self._proposals.consider(self.config, self._snapshots.jpeg, picture, self._health.health)

    @asynccontextmanager
    async def _opened(self, *, alone: bool) -> AsyncIterator[FrameSource]:
        """Raises CameraFailed. `alone` is for readers of several cameras; other sources share none."""
        parts, source, every_ms = self._parts, self.config.source, self.config.cadence_ms
        if source.type in OPENERS:
            credentials = await self._credentials()
            asked = Asked(
                *(self.config.site_id, source.address or "", every_ms / 1000, credentials, self._freshness),
                dropped=partial(parts.writer.drop, self.config, "slow"),
            )
            async with OPENERS[source.type](asked, parts.sources) as opened:
                yield opened
            return
        address, target = await self._target()
        opening = Opening(target, address.path, every_ms, parts.quality)
        dropped = partial(parts.writer.drop, self.config, "slow")
        async with parts.readers.session(opening, dropped, alone=alone) as channel:
            yield channel

    def _note_clock(self, sign: Sign | None) -> None:
        """Log when the camera's clock is believed, and when and why it is not any more."""
        if sign is not None and sign.clock != self._refusal:
            self._refusal = sign.clock
            self._parts.log.info("camera_clock", camera_id=self.config.camera_id, refused=sign.clock or "")

    async def _credentials(self) -> Credentials | None:
        """Read for each session anew: a password may have been changed. Raises CameraFailed."""
        try:
            return await self._parts.secrets.of(self.config)
        except OSError as error:
            raise CredentialsNotReadable(f"the object store: {type(error).__name__}") from error

    async def _target(self) -> tuple[Address, Target]:
        """Where the camera is now. Raises CameraFailed."""
        source, parts = self.config.source, self._parts
        return await target_of(
            source.address or "",
            parts.policy,
            parts.authority,
            await self._credentials(),
            udp=source.transport == "udp",
        )
