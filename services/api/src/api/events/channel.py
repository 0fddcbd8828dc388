"""The newest events of a site, encoded once for all streams that read them."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from api.model.site_events import SITE_DELETED, SiteEvent

RING_EVENTS = 4096
CHUNK_EVENTS = 500
"""Events that are joined into one write, so that a reader who is far behind holds half a megabyte and not the ring."""


class EventFilter(Protocol):
    """Which events a reader wants; equal filters share what is joined for them."""

    def wants(self, event: SiteEvent) -> bool:
        """Whether an event passes."""
        ...

    def __hash__(self) -> int: ...


class Listener(Protocol):
    """A reader that waits for events of a site."""

    def wake(self) -> None:
        """There are new events, or it is time to end."""
        ...


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """An event, and the bytes that every stream sends of it."""

    event: SiteEvent
    data: bytes


@dataclass(slots=True)
class Channel:
    """A ring with every event of a site after `start` up to `newest`; `ended`: the site is deleted, none follows.

    A reader holds nothing but its position, so a slow client costs no memory.
    """

    start: int
    newest: int
    ring: deque[EncodedEvent] = field(default_factory=deque)
    seqs: deque[int] = field(default_factory=deque)
    listeners: set[Listener] = field(default_factory=set)
    ended: bool = False
    _chunks: dict[tuple[int, EventFilter], tuple[int, bytes]] = field(default_factory=dict)

    def push(self, events: Iterable[EncodedEvent]) -> None:
        """Add events in order and wake the readers."""
        for each in events:
            self.ring.append(each)
            self.seqs.append(each.event.seq)
            self.newest = each.event.seq
            self.ended = self.ended or each.event.type == SITE_DELETED
            if len(self.ring) > RING_EVENTS:
                self.start = self.ring.popleft().event.seq
                self.seqs.popleft()
        self._chunks.clear()
        self.wake()

    def wake(self) -> None:
        """Wake every reader."""
        for listener in self.listeners:
            listener.wake()

    def covers(self, position: int) -> bool:
        """Whether the ring has everything after `position`."""
        return position >= self.start

    def after(self, position: int) -> list[EncodedEvent]:
        """The first CHUNK_EVENTS after a position that the ring covers."""
        first = bisect_right(self.seqs, position)
        return list(islice(self.ring, first, first + CHUNK_EVENTS))

    def chunk(self, position: int, wanted: EventFilter) -> tuple[int, bytes]:
        """(new position, bytes to send) of the events after a position that the ring covers.

        Joined once for all readers with the same position and filter, which after each push is nearly all of them.
        """
        if position >= self.newest:
            return position, b""
        chunk = self._chunks.get((position, wanted))
        if chunk is None:
            events = self.after(position)
            reached = events[-1].event.seq if events else self.newest
            chunk = reached, b"".join(each.data for each in events if wanted.wants(each.event))
            self._chunks[position, wanted] = chunk
        return chunk


def encode(epoch: str, event: SiteEvent) -> EncodedEvent:
    """An event in the form of https://html.spec.whatwg.org/#server-sent-events; its JSON has no line breaks."""
    text = f"id: {epoch}-{event.seq}\nevent: {event.type}\ndata: {event.document}\n\n"
    return EncodedEvent(event, text.encode())
