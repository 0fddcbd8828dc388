"""One client's event stream: where it begins, what it is sent, when it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from api.compute import compute
from api.events import snapshot
from api.events.channel import Channel, encode
from api.events.filter import ALL, Filter
from api.events.hub import PAGE_EVENTS, Hub
from api.events.views import Watched
from api.model.site_events import SiteEvent
from api.model.types import Json
from api.store import site_events
from api.store.row_security import RowSecurity
from chassis.clock import Clock
from tablewatch_schemas.foreign import read_number

RETRY_MS = 2000
PIECE_BYTES = 256 * 1024
Send = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """Times of a stream, seconds.

    `still_allowed` is asked with every heartbeat. `stall_s`: a client that takes no bytes for so long is dropped.
    """

    heartbeat_s: float
    longest_s: float
    stall_s: float
    still_allowed: Callable[[], Awaitable[bool]]


def read_position(text: str | None, epoch: str, pruned: int, newest: int) -> int | None:
    """The seq in a Last-Event-ID `epoch-seq`; None when the stream cannot resume there and begins with a snapshot."""
    given, _, digits = (text or "").rpartition("-")
    try:
        seq = read_number(digits, most=newest)
    except ValueError:
        return None
    return seq if given == epoch and seq >= pruned else None


class Stream:
    """A client's position, and one timer for heartbeat, age and stall. The hub, the timer and its end wake it."""

    def __init__(
        self, hub: Hub, database: RowSecurity, clock: Clock, site_id: str, wanted: Filter, options: StreamOptions,
        watched: Watched | None = None,
    ) -> None:  # fmt: skip
        self._hub, self._database, self._clock = hub, database, clock
        self._site_id, self._filter, self._options = site_id, wanted, options
        self._position = self._confirmed = 0
        """How far it is, and how far it was at the last heartbeat."""
        self._watched = watched or Watched(None, {})
        self._waiting: asyncio.Future[None] | None = None
        self._heartbeat_due = self._ended = False
        self._timer: asyncio.TimerHandle | None = None
        self._sending_since: float | None = None

    async def run(self, last_event_id: str | None, send: Send) -> None:
        """Send the retry hint, a snapshot unless it resumes, then deltas and heartbeats until the stream ends.

        No empty line after the hint: it belongs to the block of the first event, because many clients make an event
        without data of a block that has none.
        """
        await send(f"retry: {RETRY_MS}\n".encode())
        if beginning := await self._begin(last_event_id):
            await _send_pieces(beginning, send)
        channel = self._hub.watch(self._site_id, self._position, self)
        self._watched.join(self)
        task = asyncio.current_task()
        self._tick(task)
        try:
            await self._send_deltas(channel, send)
        except asyncio.CancelledError:
            if task is None or not self._ended:
                raise
            task.uncancel()  # cancelled by its own timer: the connection ends here
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._hub.leave(self._site_id, self)
            self._watched.leave(self)

    def wake(self) -> None:
        """There are new events, or it is time for a heartbeat or the end."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def end(self) -> None:
        """The client has disconnected."""
        self._ended = True
        self.wake()

    @property
    def dropped(self) -> bool:
        """Whether the client is gone, so that no end of the response can be sent."""
        return self._ended

    async def _begin(self, last_event_id: str | None) -> bytes:
        async with self._database.transaction([self._site_id]) as conn:
            epoch = await site_events.epoch(conn)
            self._hub.epoch = epoch
            pruned, newest = await site_events.span(conn, self._site_id)
        if not last_event_id:
            return await self._snapshot("start")
        resumed = read_position(last_event_id, epoch, pruned, newest)
        if resumed is None:
            return await self._resync(last_event_id)
        self._confirmed = self._position = resumed
        return b""

    async def _resync(self, last_event_id: str) -> bytes:
        """One `resync`, then a snapshot: the position is gone, and the client drops what it had.

        `resync` has no id. A client that is cut off before the snapshot comes back with the position that is gone, and
        is sent both again.
        """
        document = orjson.dumps({"reason": "reset", "last_event_id": last_event_id}).decode()
        return f"event: resync\ndata: {document}\n\n".encode() + await self._snapshot("reset")

    async def _snapshot(self, reason: str) -> bytes:
        """An event with all documents as of one seq. `reason` reset: it follows a `resync`."""
        stored = await snapshot.read(self._database, self._site_id, self._filter.run_id)
        self._confirmed = self._position = stored.seq
        now = self._clock.now()

        def message() -> bytes:
            selected = self._filter.select(stored.snapshot(now))
            return self._message("snapshot", selected | self._filter.counts(selected) | {"reason": reason})

        return await compute(message)

    def _message(self, kind: str, document: Json) -> bytes:
        text = orjson.dumps(document).decode()
        return encode(self._hub.epoch, SiteEvent(self._site_id, self._position, kind, None, None, None, text)).data

    async def _send_deltas(self, channel: Channel, send: Send) -> None:
        opened, live = self._clock.monotonic(), False
        while not (self._hub.closed or self._ended):
            before, covered = self._position, channel.covers(self._position)
            if live and not covered:  # the ring has moved past the client, which reads from the log when it reconnects
                await send(self._message("resume", {"reason": "slow", "last_event_id": self._id()}))
                return
            live = live or covered
            await self._send_chunk(channel, send)
            await self._send_views(send)
            if channel.ended and self._position >= channel.newest:
                return
            if self._heartbeat_due and not await self._heartbeat(send):
                return
            if self._clock.monotonic() - opened >= self._options.longest_s:
                return
            if self._position == before:
                await self._sleep(channel)

    async def _send_chunk(self, channel: Channel, send: Send) -> None:
        """Send what comes next, from the ring or from the log."""
        if channel.covers(self._position):
            self._position, chunk = channel.chunk(self._position, self._filter)
        else:
            chunk = await self._page_from_log()
        if chunk:
            await self._send_watched(chunk, send)

    async def _send_views(self, send: Send) -> None:
        """The views that are newer than what was sent: of each the newest alone, however many there were meanwhile."""
        for data in self._watched.take():
            await self._send_watched(data, send)

    async def _send_watched(self, data: bytes, send: Send) -> None:
        """Send while the timer watches whether the client takes anything."""
        self._sending_since = self._clock.monotonic()
        await _send_pieces(data, send)
        self._sending_since = None

    async def _page_from_log(self) -> bytes:
        """The next page from the database, for a client that resumes from before the ring."""
        async with self._database.transaction([self._site_id]) as conn:
            pruned, _ = await site_events.span(conn, self._site_id)
            rows = await site_events.after(conn, {self._site_id: self._position}, PAGE_EVENTS)
        if self._position < pruned:
            return await self._resync(self._id())
        if rows:
            self._position = rows[-1].seq
        return b"".join(encode(self._hub.epoch, row).data for row in rows if self._filter.wants(row))

    async def _sleep(self, channel: Channel) -> None:
        """Until `wake`, unless something came while the last chunk was sent."""
        if self._ended or self._heartbeat_due or self._hub.closed:
            return
        if channel.newest > self._position or self._watched.has_newer:
            return
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    async def _heartbeat(self, send: Send) -> bool:
        """Keep proxies from closing the connection; False when the caller is no longer allowed.

        A comment, as the beginning of the block that comes next. Where a filter has left events out since the last id,
        a `heartbeat` whose id moves the client past them.
        """
        self._heartbeat_due = False
        if not await self._options.still_allowed():
            return False
        moved = self._filter != ALL and self._position != self._confirmed
        self._confirmed = self._position
        await send(self._message("heartbeat", {"seq": self._position}) if moved else b": still here\n")
        return True

    def _tick(self, task: asyncio.Task[Any] | None) -> None:
        """The timer of heartbeat, age and stall: one a stream, so that an event starts and cancels none."""
        since = self._sending_since
        if task is not None and since is not None and self._clock.monotonic() - since >= self._options.stall_s:
            self._ended = True
            task.cancel()
            return
        self._heartbeat_due = self._timer is not None  # not at the first call, which only starts it
        self.wake()
        period = min(self._options.heartbeat_s, self._options.stall_s)
        self._timer = asyncio.get_running_loop().call_later(period, self._tick, task)

    def _id(self) -> str:
        return f"{self._hub.epoch}-{self._position}"


async def _send_pieces(data: bytes, send: Send) -> None:
    """A snapshot has megabytes: the server copies them several times, and waits for the client only between two."""
    await send(data[:PIECE_BYTES])
    for begin in range(PIECE_BYTES, len(data), PIECE_BYTES):
        await asyncio.sleep(0)
        await send(data[begin : begin + PIECE_BYTES])
