"""Live views: the newest judged frame of each camera and run that a stream asks for. Nothing of them is in a log."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.events.camera_source import CameraSource, Newest
from api.events.channel import Listener
from api.events.cut_follower import CutFollower, TopicEnd
from api.events.judged import Judged
from api.model.types import Json
from api.model.views import VIEW
from chassis.clock import Clock
from chassis.health import Health
from tablewatch_schemas.judgement import FrameJudgement

CAMERA_EVERY_S, RUN_EVERY_S = 0.25, 0.5
RETRY_S = 1.0


@dataclass(slots=True)
class Slot:
    """The newest view of one camera or run, encoded once for all who watch it. A later one takes its place, so that a
    slow reader is sent the newest and never a backlog. `renew_at`: when its link is to be replaced, monotonic s."""

    stream: str
    newest: FrameJudgement | None = None
    version: int = 0
    data: bytes = b""
    renew_at: float = 0.0
    listeners: set[Listener] = field(default_factory=set)
    task: "asyncio.Task[None] | None" = None

    def next(self, found: FrameJudgement | None, now: float) -> FrameJudgement | None:
        """What is to be shown now: `found` if it is newer, or once more what is shown, with a new link; else None."""
        if found is None:
            return None
        if self.newest is None or found.captured_at > self.newest.captured_at:
            return found
        return self.newest if now >= self.renew_at else None

    def put(self, judgement: FrameJudgement, document: Json, renew_at: float) -> None:
        """Show it and wake those who watch."""
        self.newest, self.renew_at = judgement, renew_at
        self.data = b"event: " + VIEW.encode() + b"\ndata: " + orjson.dumps(document) + b"\n\n"
        self.version += 1
        for listener in self.listeners:
            listener.wake()


class Watched:
    """The views that one stream shows beside the log. `newest`, by camera or run, is what the tables lead to."""

    def __init__(self, views: "Views | None", newest: Mapping[str, Newest]) -> None:
        self._views, self._newest = views, newest
        self._slots: list[Slot] = []
        self._shown: dict[str, int] = {}
        """The version of each view that was sent last."""

    def join(self, listener: Listener) -> None:
        """Begin to watch. Call `leave` afterwards."""
        if self._views is not None:
            self._slots = [self._views.watch(stream, listener, newest) for stream, newest in self._newest.items()]

    def leave(self, listener: Listener) -> None:
        """Watch no more."""
        if self._views is not None:
            for slot in self._slots:
                self._views.leave(slot, listener)

    @property
    def has_newer(self) -> bool:
        """Whether there is a view that was not sent."""
        return any(slot.version > self._shown.get(slot.stream, 0) for slot in self._slots)

    def take(self) -> Iterator[bytes]:
        """What is newer than was sent, the newest of each view as it is at that moment."""
        for slot in self._slots:
            if slot.version > self._shown.get(slot.stream, 0):
                self._shown[slot.stream] = slot.version
                yield slot.data


class Views:
    """The slots of a process, each with a task of its own: one that waits, or fails, holds up no other."""

    def __init__(self, topics: TopicEnd, judged: Judged, link_s: int, health: Health, clock: Clock, log: Any) -> None:
        self._follower = CutFollower(topics, health, clock, log)
        self._judged, self._link_s, self._clock, self._log = judged, link_s, clock, log
        self._slots: dict[str, Slot] = {}

    def watch(self, stream: str, listener: Listener, newest: Newest) -> Slot:
        """Join the slot of a run or camera. `newest` is asked again and again for a run; for a camera, whose frames are
        followed on the topic, where that has nothing."""
        slot = self._slots.get(stream)
        if slot is None:
            slot = self._slots[stream] = Slot(stream)
            slot.task = asyncio.create_task(self._serve(slot, *self._source(stream, newest)), name=f"view {stream}")
        slot.listeners.add(listener)
        return slot

    def leave(self, slot: Slot, listener: Listener) -> None:
        """One reader less; a slot without readers ends."""
        slot.listeners.discard(listener)
        if not slot.listeners and self._slots.get(slot.stream) is slot:
            self._follower.leave(slot.stream)
            self._end(slot)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow what is watched until `stop`."""
        following = asyncio.create_task(self._follower.run())
        try:
            await stop.wait()
        finally:
            following.cancel()
            ended = [self._end(slot) for slot in list(self._slots.values())]
            await asyncio.gather(following, *(each for each in ended if each is not None), return_exceptions=True)

    def _source(self, stream: str, newest: Newest) -> tuple[Newest, float]:
        """What finds the newest, and how often it is asked."""
        if stream.startswith("run_"):
            return newest, RUN_EVERY_S
        camera = CameraSource(stream, self._judged, self._follower, newest, self._clock, self._log)
        self._follower.follow(stream, camera.heard)
        return camera.newest, CAMERA_EVERY_S

    def _end(self, slot: Slot) -> "asyncio.Task[None] | None":
        del self._slots[slot.stream]
        if slot.task is not None:
            slot.task.cancel()
        return slot.task

    async def _serve(self, slot: Slot, newest: Newest, every_s: float) -> None:
        complaint = ""
        while True:
            try:
                await self._refresh(slot, newest)
            except Exception as error:  # noqa: BLE001 (store, database or a view of its own kind: it is tried again)
                if repr(error) != complaint:
                    unforeseen = not isinstance(error, ConnectionError)
                    self._log.warning("view_waits", stream=slot.stream, error=repr(error), exc_info=unforeseen)
                complaint = repr(error)
                await self._clock.sleep(RETRY_S)
            else:
                complaint = ""
                await self._clock.sleep(every_s)

    async def _refresh(self, slot: Slot, newest: Newest) -> None:
        now = self._clock.monotonic()
        shown = slot.next(await newest(), now)
        if shown is not None:
            slot.put(shown, await self._judged.document(shown, self._link_s), now + self._link_s / 2)
