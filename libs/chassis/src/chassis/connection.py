"""One HTTP connection: uvicorn's, and what it lacks. An app finds both in the extensions of a request's scope."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import httptools
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

Pieces = AsyncIterator[bytes | memoryview]

ABORT = "tablewatch.abort"
"""`call` drops the connection at once, with what it has not taken yet: to close one waits for that, maybe for ever."""
LENT = "tablewatch.lent"
"""`call` with the request's `receive` gives its body as `lent` does."""
LENT_BYTES = 512 * 1024
THROWN_AWAY_BYTES = 64 * 1024


def lent(request: Request) -> Pieces:
    """The body as it comes, read by the kernel into one buffer of 512 KiB, which is all that is held of it.

    A piece is good until the next one is asked for: who keeps it copies it. To be called once, by an app that has read
    nothing of the body. On another server, and where the length is not told, the pieces are Starlette's. Raises
    ClientDisconnect.
    """
    found = request.scope.get("extensions", {}).get(LENT)
    if found is None:
        return request.stream()
    pieces: Pieces = found["call"](request.receive)
    return pieces


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with the two extensions."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        call = partial(self._lend, self.scope)
        self.scope["extensions"] = {ABORT: {"call": self.transport.abort}, LENT: {"call": call}}

    async def _lend(self, scope: "HTTPScope", receive: Receive) -> Pieces:
        left = self._outstanding() if self.cycle.scope is scope else 0  # else the next request is here already
        body = _Body(self, left) if left else None
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if message["body"]:
                yield message["body"]
            if body is not None:
                self.flow.pause_reading()  # `receive` let it go on
                yield body.piece()
            if not message["more_body"]:
                return

    def _outstanding(self) -> int:
        """Bytes of the body that were not read from the socket yet; 0 where nobody can tell."""
        if not self.cycle.more_body or self.cycle.disconnected:
            return 0
        headers = dict(self.headers)
        if b"transfer-encoding" in headers:
            return 0
        return int(headers.get(b"content-length", b"0")) - len(self.cycle.body)

    def take_back(self) -> None:
        """A body is at its end, and what follows is a request: of a parser that never heard of this one."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.transport.set_protocol(self)

    def not_idle(self) -> None:
        """The client still sends: the connection is not one that rests between two requests."""
        self._unset_keepalive_if_required()


class _Body(asyncio.BufferedProtocol):
    """Has the connection while the `left` bytes of a body come, and never reads beyond them.

    uvicorn's way is into a buffer of the loop, to bytes, to bytes of the parser, to a bytearray, to bytes; and each of
    them is memory that is mapped, faulted in page by page and given back (decision 0026).
    """

    def __init__(self, connection: Connection, left: int) -> None:
        self._connection, self._cycle, self._left = connection, connection.cycle, left
        self._buffer, self._filled = memoryview(bytearray(min(left, LENT_BYTES))), 0
        connection.flow.pause_reading()  # a loop looks at who the protocol is when reading starts
        connection.transport.set_protocol(self)

    def piece(self) -> memoryview:
        """What came last, maybe nothing."""
        filled, self._filled = self._filled, 0
        return self._buffer[:filled]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go: up to a whole number of LENT_BYTES before the end, for writes of whole pages."""
        if self._cycle.response_complete:  # a thread may be writing still what was lent
            return memoryview(bytearray(min(self._left, THROWN_AWAY_BYTES)))
        return self._buffer[: self._left % LENT_BYTES or LENT_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came. No more until the app is done with them; or, when it has answered, away with them."""
        self._left -= nbytes
        self._connection.flow.pause_reading()
        if self._left == 0:
            self._connection.take_back()
        if self._cycle.response_complete:
            self._connection.not_idle()
            self._connection.flow.resume_reading()
            return
        self._filled, self._cycle.more_body = nbytes, self._left > 0
        self._cycle.message_event.set()

    def eof_received(self) -> None:
        """The client sends no more."""
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes its answer slowly."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """It has taken it."""
        self._connection.resume_writing()
