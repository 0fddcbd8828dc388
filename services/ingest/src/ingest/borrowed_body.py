"""A patch on uvicorn 0.54.0 (`HttpToolsProtocol`): request bodies without copies.

Fault: uvicorn copies a body four times before the app has it (from the loop's buffer to bytes, to the parser's bytes,
to a bytearray, to bytes), three times into fresh memory: 115,000 page faults for 512 MiB (docs/decisions/0026).
Here the kernel reads into one buffer, whose chunks an app gets by an extension in the scope of a request.

Used of uvicorn and not documented there: `scope`, `cycle` (`scope`, `body`, `more_body`, `disconnected`,
`response_complete`, `message_event`), `flow`, `headers`, `parser`, `transport` and `_unset_keepalive_if_required`.
tests/unit/ingest/test_uvicorn_pin.py fails when they change, and when uvicorn no longer needs this.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import httptools
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from tablewatch_schemas.foreign import read_number
from webserver.serve import Connection

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

Chunks = AsyncIterator[bytes | memoryview]

BORROWED_BODY = "tablewatch.borrowed_body"
"""Extension: `call` with the request's `receive` gives its body as `borrowed_body` does."""
BUFFER_BYTES = 512 * 1024
DISCARD_BYTES = 64 * 1024


def borrowed_body(request: Request) -> Chunks:
    """The chunks of a request's body, borrowed from the connection's one buffer of 512 KiB.

    A chunk is valid until the next one is asked for: copy what is kept longer. Call it once, before anything of the
    body was read. On another server, and for a body without Content-Length, the chunks are Starlette's. Raises
    ClientDisconnect.
    """
    extension = request.scope.get("extensions", {}).get(BORROWED_BODY)
    if extension is None:
        return request.stream()
    chunks: Chunks = extension["call"](request.receive)
    return chunks


class BorrowingConnection(Connection):
    """uvicorn's connection, whose requests have borrowed bodies."""

    def on_message_begin(self) -> None:
        """Offer the extension to the app of the request that begins."""
        super().on_message_begin()
        self.scope["extensions"][BORROWED_BODY] = {"call": partial(self._borrowed_body, self.scope)}

    async def _borrowed_body(self, scope: "HTTPScope", receive: Receive) -> Chunks:
        # With another scope the next request of a pipeline is here already, so all of this body is
        unread = self._unread_bytes() if self.cycle.scope is scope else 0
        body = _BodyProtocol(self, unread) if unread else None
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if message["body"]:
                yield message["body"]
            if body is not None:
                self.flow.pause_reading()  # `receive` resumed it
                yield body.take_chunk()
            if not message["more_body"]:
                return

    def _unread_bytes(self) -> int:
        """Bytes of the body that were not read from the socket yet; 0 where its length is not known."""
        if not self.cycle.more_body or self.cycle.disconnected:
            return 0
        headers = dict(self.headers)
        if b"transfer-encoding" in headers:
            return 0
        # Checked by the app before it asks for the body
        return read_number(headers.get(b"content-length", b"0").decode("latin-1")) - len(self.cycle.body)

    def restore_protocol(self) -> None:
        """Read requests again, after the end of a body: with a new parser, as the old one waits for that body."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.transport.set_protocol(self)
        self.body_ended()

    def cancel_keep_alive(self) -> None:
        """Stop the timeout of an idle connection: the client still sends."""
        self._unset_keepalive_if_required()


class _BodyProtocol(asyncio.BufferedProtocol):
    """The transport's protocol while the `unread` bytes of a body come. It never reads beyond them."""

    def __init__(self, connection: BorrowingConnection, unread: int) -> None:
        self._connection, self._cycle, self._unread = connection, connection.cycle, unread
        self._buffer, self._filled = memoryview(bytearray(min(unread, BUFFER_BYTES))), 0
        connection.flow.pause_reading()  # a loop looks up the protocol when reading is resumed
        connection.transport.set_protocol(self)

    def take_chunk(self) -> memoryview:
        """What was read last, maybe nothing."""
        filled, self._filled = self._filled, 0
        return self._buffer[:filled]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read to: up to a whole number of BUFFER_BYTES before the end, so that files are written in pages."""
        if self._cycle.response_complete:  # a thread may still be writing the borrowed buffer to disk
            return memoryview(bytearray(min(self._unread, DISCARD_BYTES)))
        return self._buffer[: self._unread % BUFFER_BYTES or BUFFER_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """Pause reading until the app has used the bytes; discard them when it has answered already."""
        self._unread -= nbytes
        self._connection.body_received(nbytes)
        self._connection.flow.pause_reading()
        if self._unread == 0:
            self._connection.restore_protocol()
        if self._cycle.response_complete:
            self._connection.cancel_keep_alive()
            self._connection.flow.resume_reading()
            return
        self._filled, self._cycle.more_body = nbytes, self._unread > 0
        self._cycle.message_event.set()

    def eof_received(self) -> None:
        """Pass on to uvicorn."""
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on to uvicorn."""
        self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on to uvicorn."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """Pass on to uvicorn."""
        self._connection.resume_writing()
