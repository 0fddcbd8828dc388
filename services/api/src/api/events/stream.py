"""One client's event stream: where it begins, what it is sent, when it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from api.events.hub import PAGE, Channel, Hub, encode
from api.events.snapshot import snapshot
from api.store import Json, site_events
from api.store.site_events import SITE_DELETED, Event
from api.store.wall import Wall
from chassis.clock import Clock

RETRY_MS = 2000
Send = Callable[[bytes], Awaitable[None]]

Topic = Literal["video.job", "table.state", "hazard.alert", "camera.status", "camera.config", "table.group"]
# Ends are told with what they end
_TOPIC_OF = {"video.deleted": "video.job", "camera.deleted": "camera.config"}
_PART_OF: dict[str, Topic] = {
    "videos": "video.job", "states": "table.state", "hazards": "hazard.alert", "cameras": "camera.status",
    "groups": "table.group",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events a client wants; None (and no topics) leaves that open. Snapshots are filtered alike."""

    run_id: str | None = None
    camera_id: str | None = None
    table_id: str | None = None
    topics: frozenset[str] = frozenset()

    def wants(self, event: Event) -> bool:
        """Whether an event of the log passes. What several cameras saw names them all, by commas."""
        return event.type == SITE_DELETED or (
            self.run_id in (None, event.run_id)
            and (self.camera_id is None or self.camera_id in (event.camera_id or "").split(","))
            and self.table_id in (None, event.table_id)
            and (not self.topics or _TOPIC_OF.get(event.type, event.type.removesuffix(".deleted")) in self.topics)
        )

    def cut(self, document: Json) -> Json:
        """A snapshot's document as the filter wants it; what it leaves out is there and empty."""
        camera, table = self.camera_id, self.table_id
        left: Json = {part: [] for part, topic in _PART_OF.items() if self.topics and topic not in self.topics}
        cut = {
            "states": [
                s for s in document["states"]
                if camera in (None, *s["camera_ids"]) and table in (None, s["table_id"])
            ],
            "videos": [v for v in document["videos"] if camera in (None, v["camera_id"])],
            "hazards": [h for h in document["hazards"] if camera in (None, h["camera_id"])],
            "cameras": [c for c in document["cameras"] if camera in (None, c["camera_id"])],
        }  # fmt: skip
        return document | cut | left


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times of a stream, seconds; `still_allowed` is asked as often as a heartbeat is due.

    `stall_s`: a client that takes nothing for so long while there is something for it is dropped.
    """

    heartbeat_s: float
    longest_s: float
    stall_s: float
    still_allowed: Callable[[], Awaitable[bool]]


def read_position(text: str | None, epoch: str, pruned: int, newest: int) -> int | None:
    """The seq in a Last-Event-ID `epoch-seq`; None when it cannot be resumed from, and a snapshot is due. Pure."""
    given, _, seq = (text or "").rpartition("-")
    if given != epoch or not (seq.isascii() and seq.isdecimal()):
        return None
    return int(seq) if pruned <= int(seq) <= newest else None


class Stream:
    """One client: where it stands, and a timer for heartbeats. It is woken by the hub, its timer, or its end."""

    def __init__(self, hub: Hub, wall: Wall, clock: Clock, site_id: str, wanted: Filter, options: Options) -> None:
        self._hub, self._wall, self._clock = hub, wall, clock
        self._site_id, self._filter, self._options = site_id, wanted, options
        self._position = 0
        self._waiting: asyncio.Future[None] | None = None
        self._beat_due = self._ended = False
        self._timer: asyncio.TimerHandle | None = None
        self._sending_since: float | None = None

    async def run(self, last_event_id: str | None, send: Send) -> None:
        """Retry hint, snapshot or resumption, then deltas and heartbeats until the stream is old or not allowed."""
        await send(f"retry: {RETRY_MS}\n\n".encode() + await self._begin(last_event_id))
        channel = self._hub.watch(self._site_id, self._position, self)
        task = asyncio.current_task()
        self._tick(task)
        try:
            await self._follow(channel, send)
        except asyncio.CancelledError:
            if task is None or not self._ended:
                raise
            task.uncancel()  # dropped by its own timer: the connection ends here
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._hub.leave(self._site_id, self)

    def wake(self) -> None:
        """There is news, or something to do."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def end(self) -> None:
        """The client has gone."""
        self._ended = True
        self.wake()

    @property
    def dropped(self) -> bool:
        """Whether there is nobody to say goodbye to."""
        return self._ended

    async def _begin(self, last_event_id: str | None) -> bytes:
        async with self._wall.inside([self._site_id]) as conn:
            epoch = await site_events.epoch(conn)
            self._hub.epoch = epoch
            pruned, newest = await site_events.span(conn, self._site_id)
        resumed = read_position(last_event_id, epoch, pruned, newest)
        if resumed is not None:
            self._position = resumed
            return b""
        return await self._snapshot("reset" if last_event_id else "start")

    async def _snapshot(self, reason: str) -> bytes:
        """The whole state at one seq, as an event with that id. `reason` reset: forget what was before."""
        document = await snapshot(self._wall, self._site_id, self._filter.run_id, self._clock.now())
        self._position = document["seq"]
        return self._message("snapshot", self._filter.cut(document) | {"reason": reason})

    def _message(self, kind: str, document: Json) -> bytes:
        text = orjson.dumps(document).decode()
        return encode(self._hub.epoch, Event(self._site_id, self._position, kind, None, None, None, text)).data

    async def _follow(self, channel: Channel, send: Send) -> None:
        opened, live = self._clock.monotonic(), False
        while not (self._hub.closed or self._ended):
            before, covered = self._position, channel.covers(self._position)
            if live and not covered:
                # Others have had a whole ring of events meanwhile
                await send(self._message("resume", {"reason": "slow", "last_event_id": self._id()}))
                return
            live = live or covered
            if covered:
                self._position, chunk = channel.joined(self._position, self._filter)
            else:
                chunk = await self._from_the_log()
            if chunk:
                self._sending_since = self._clock.monotonic()
                await send(chunk)
                self._sending_since = None
            if channel.ended and self._position >= channel.newest:
                return
            if self._beat_due and not await self._beaten(send):
                return
            if self._clock.monotonic() - opened >= self._options.longest_s:
                return
            if self._position == before:
                await self._sleep(channel)

    async def _from_the_log(self) -> bytes:
        """The next page from the database, for a client that comes back from further than the ring."""
        async with self._wall.inside([self._site_id]) as conn:
            pruned, _ = await site_events.span(conn, self._site_id)
            rows = await site_events.after(conn, {self._site_id: self._position}, PAGE)
        if self._position < pruned:
            return await self._snapshot("reset")
        if rows:
            self._position = rows[-1].seq
        return b"".join(encode(self._hub.epoch, row).data for row in rows if self._filter.wants(row))

    async def _sleep(self, channel: Channel) -> None:
        """Until somebody wakes us; what came while we were sending is seen first."""
        if self._ended or self._beat_due or self._hub.closed or channel.newest > self._position:
            return
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    async def _beaten(self, send: Send) -> bool:
        """Whether the stream may go on; then with a comment that keeps proxies awake.

        Its id moves the client past what a filter left out.
        """
        self._beat_due = False
        if not await self._options.still_allowed():
            return False
        await send(f": still here\nid: {self._id()}\n\n".encode())
        return True

    def _tick(self, task: asyncio.Task[Any] | None) -> None:
        """One timer for heartbeat, age and stall, so that an event costs none."""
        since = self._sending_since
        if task is not None and since is not None and self._clock.monotonic() - since >= self._options.stall_s:
            self._ended = True
            task.cancel()
            return
        self._beat_due = self._timer is not None  # not at the first call, which only sets it going
        self.wake()
        period = min(self._options.heartbeat_s, self._options.stall_s)
        self._timer = asyncio.get_running_loop().call_later(period, self._tick, task)

    def _id(self) -> str:
        return f"{self._hub.epoch}-{self._position}"
