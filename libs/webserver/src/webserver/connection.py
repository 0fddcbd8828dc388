"""A patch on uvicorn 0.54.0 (`HttpToolsProtocol`): limits for a client that nobody knows yet.

Fault: uvicorn sets no limit on the size of a head, on the time for head, body and answer, or on pipelined requests; it
writes its 400 into the middle of an answer that is under way, adds trailers to the headers of the request, and offers
no way to drop a client that does not read.

Used of uvicorn and not documented there: `scope`, `url`, `headers`, `parser`, `pipeline`, `flow`, `client`, `app`,
`transport`, `cycle` (`transport`, `keep_alive`, `disconnected`, `message_event`, `response_started`,
`response_complete`, `waiting_for_100_continue`), `on_response_complete` and `_unset_keepalive_if_required`.
tests/unit/webserver/test_serve.py fails when they change, and when uvicorn no longer needs this.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from webserver import head
from webserver.connections import ConnectionTable
from webserver.progress import Progress
from webserver.rejections import (
    BODY_TIMEOUT,
    CHUNKS_WASTEFUL,
    HEAD_TIMEOUT,
    HEAD_TOO_LARGE,
    MALFORMED,
    TOO_MANY_CONNECTIONS,
    TOO_MANY_PIPELINED,
    Rejection,
)

ABORT = "tablewatch.abort"
"""ASGI extension: `call` drops the connection and its write buffer; a close waits until the client has read that."""
PIPELINED = 16
"""Requests that may wait for the answer to an earlier one; browsers send none, test tools few."""
LINGER_S, LINGER_SILENT_S = 30.0, 5.0
"""How long the rest of a request is thrown away, so that its client can read the answer: RFC 9112 section 9.6."""
_BYTES_ACKED = struct.Struct("=120xQ")
"""`tcpi_bytes_acked` in Linux's tcp_info."""


class _Phase(Enum):
    """What the connection waits for."""

    IDLE = auto()  # a request
    HEAD = auto()  # the rest of a head
    BODY = auto()  # the rest of a body
    ANSWER = auto()  # the application, or the client that reads the answer
    LINGER = auto()  # nothing: the last answer is written, what still comes is thrown away
    CLOSED = auto()  # the client to take what is buffered


class _Stop(Exception):
    """Raised in a callback of the parser to stop it."""


class Connection(HttpToolsProtocol):
    """A connection with limits, whose end an app can force (`ABORT`)."""

    def __init__(self, table: ConnectionTable, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._table, self._limits = table, table.limits
        self._phase, self._since = _Phase.IDLE, self.loop.time()
        self._heard = self._since
        self._rejection: Rejection | None = None
        self._stopped = self._served = False
        self._unanswered = 0
        self._clients: deque[str | None] = deque()
        self._head_bytes = self._body_bytes = self._body_left = self._overhead_bytes = 0
        self._began_head = False
        self._received = 0
        self._body, self._answer = Progress(self._since), Progress(self._since, -1)
        self._writes: _Writes | None = None

    # What the loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in, or answer why not."""
        super().connection_made(transport)
        self._writes = _Writes(transport, self._finish)
        now = self.loop.time()
        rejection = self._table.add(self, self.client[0] if self.client else "", now)
        if rejection is not None:
            self._answer_and_linger(rejection)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room."""
        self._table.remove(self)
        while self._clients:
            self._forget_client()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, in pieces that are no longer than a head may be; a body of a known length in one."""
        self._heard = self.loop.time()
        self._received += len(data)
        if self._stopped or self._phase in (_Phase.LINGER, _Phase.CLOSED):
            return
        self._unset_keepalive_if_required()
        if self._phase is _Phase.IDLE:
            self._enter(_Phase.HEAD)
            self.url, self.headers, self._head_bytes = b"", [], 0
        most = self._limits.head_bytes
        if len(data) <= most:
            self._feed(data)
            return
        view = memoryview(data)
        while view:
            piece = view[: max(most, self._body_left)]
            if not self._feed(piece):
                return
            view = view[len(piece) :]

    def _feed(self, piece: bytes | memoryview) -> bool:
        """Parse a piece; False when nothing more of the connection is to be parsed."""
        before, body_before, self._began_head = self._phase, self._body_bytes, False
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            self._stopped = True  # no upgrade is done: what follows would be its bytes
        except httptools.HttpParserError:
            self._reject(self._rejection or MALFORMED)
        if self._stopped or self._phase in (_Phase.LINGER, _Phase.CLOSED):
            return False
        if self._phase is _Phase.BODY and before is _Phase.BODY:
            self._overhead_bytes += len(piece) - (self._body_bytes - body_before)
            if self._overhead_bytes > self._limits.head_bytes + self._body_bytes:
                self._reject(CHUNKS_WASTEFUL)
        elif self._phase is _Phase.HEAD:
            # Where the head began within the piece is not known; what the parser gave of it is
            self._head_bytes = head.size(self.url, self.headers) if self._began_head else self._head_bytes + len(piece)
            if self._head_bytes > self._limits.head_bytes:
                self._reject(head.too_large(self.url, self._head_bytes))
        return True

    # What the parser calls

    def on_message_begin(self) -> None:
        """A head begins. Offer `ABORT` to the app of its request."""
        super().on_message_begin()
        self._began_head = True
        self._enter(_Phase.HEAD)
        self.scope["extensions"] = {ABORT: {"call": self.transport.abort}}

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; a trailer, which comes after the body, is thrown away."""
        if self._phase is not _Phase.HEAD:
            return
        if len(self.headers) >= self._limits.headers:
            raise self._stop(HEAD_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Check the head, and begin the request."""
        upgrade = self.parser.should_upgrade()
        rejection = head.rejection(
            self.parser.get_http_version(), self.url, self.headers, self._limits, upgrade=upgrade
        )
        if rejection is not None:
            raise self._stop(rejection)
        if len(self.pipeline) >= PIPELINED:
            raise self._stop(TOO_MANY_PIPELINED)
        client = self._name_client()
        served, app = self.app, self.app
        if client is not None and not self._table.begin_request(client):
            client, app = None, _answers(TOO_MANY_CONNECTIONS)
            self._table.observer.rejected(TOO_MANY_CONNECTIONS.code)
        self.app = app
        try:
            super().on_headers_complete()
        finally:
            self.app = served
        self._clients.append(client)
        self._unanswered += 1
        self.cycle.transport = self._writes  # type: ignore[assignment]
        self.cycle.keep_alive = self.cycle.keep_alive and not upgrade
        self._enter(_Phase.BODY)
        self._body_bytes = self._overhead_bytes = 0
        self._body_left = head.body_length(self.headers)
        self._body.restart(self._received, self._since)

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._body_bytes += len(body)
        self._body_left -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        super().on_message_complete()
        self.body_ended()

    def on_response_complete(self) -> None:
        """The end of an answer."""
        self._served = True
        self._unanswered -= 1
        self._forget_client()
        super().on_response_complete()
        if self._phase is _Phase.ANSWER and not self._unanswered:
            self._enter(_Phase.IDLE)
        elif self._phase is _Phase.BODY and not self._unanswered:
            self._since = self._heard = self.loop.time()
            self._unset_keepalive_if_required()  # the client still sends
        if self._stopped and not self._unanswered and self._phase is not _Phase.CLOSED:
            self._linger()

    def body_ended(self) -> None:
        """The body is complete; its application may not have read or answered it yet."""
        if self._phase is _Phase.BODY:
            self._enter(_Phase.ANSWER if self._unanswered else _Phase.IDLE)

    def body_received(self, number: int) -> None:
        """Count bytes of a body that did not come through the parser."""
        self._received += number
        self._heard = self.loop.time()

    # What the table calls

    def waits_since(self) -> float | None:
        """See OpenConnection."""
        waits = self._phase in (_Phase.IDLE, _Phase.HEAD, _Phase.LINGER) and not self._unanswered
        return self._since if waits else None

    def abort(self) -> None:
        """See OpenConnection."""
        self.transport.abort()

    def end_if_overdue(self, now: float) -> None:
        """See OpenConnection."""
        if self._end_answer_if_overdue(now) or self._phase in (_Phase.ANSWER, _Phase.CLOSED):
            return
        if self._phase is _Phase.BODY:
            self._end_body_if_overdue(now)
        elif self._phase is _Phase.LINGER:
            self._end_linger_if_overdue(now)
        elif self._phase is _Phase.HEAD:
            if now - self._since >= self._limits.head_s and not self._unanswered:
                self._reject(HEAD_TIMEOUT)
        elif now - self._since >= (self._limits.idle_s if self._served else self._limits.head_s):
            self._finish()

    def _end_answer_if_overdue(self, now: float) -> bool:
        """Whether the client takes too little of what is written to it; then it is dropped."""
        if not self.transport.get_write_buffer_size():
            self._answer.total = -1
            return False
        acked = self._bytes_acked()
        if self._answer.total < 0:
            self._answer.restart(acked, now)
        if not self._answer.too_slow(acked, now, self._limits.answer_s, self._limits.least_bytes_per_s):
            return False
        self._table.observer.rejected("answer_timeout")
        self.abort()
        return True

    def _end_body_if_overdue(self, now: float) -> None:
        if not self._unanswered:
            self._end_linger_if_overdue(now)
        elif self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._body.restart(self._received, now)  # the application does not read: not the client's fault
        elif self._body.too_slow(self._received, now, self._limits.body_s, self._limits.least_bytes_per_s):
            self._reject(BODY_TIMEOUT)

    def _end_linger_if_overdue(self, now: float) -> None:
        if now - self._since >= LINGER_S or now - self._heard >= LINGER_SILENT_S:
            self.transport.close()
            self._enter(_Phase.CLOSED)

    def _bytes_acked(self) -> int:
        sock: socket.socket = self.transport.get_extra_info("socket")
        try:
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED.size)
        except OSError:
            return 0
        return int(_BYTES_ACKED.unpack(info)[0])

    # The end

    def _stop(self, rejection: Rejection) -> _Stop:
        self._rejection = rejection
        return _Stop(rejection.code)

    def _reject(self, rejection: Rejection) -> None:
        """Answer a request that is not (wholly) here, unless answers to earlier ones are under way, and end."""
        self._table.observer.rejected(rejection.code)
        if self._phase is _Phase.BODY and self._unanswered:
            cycle = self.cycle
            cycle.disconnected = True
            cycle.message_event.set()
            if self._unanswered == 1 and not cycle.response_started:
                self._answer_and_linger(rejection, count=False)
            else:
                self.abort()  # the end of a begun answer has no other sign
        elif self._unanswered:
            self._stopped = True  # closed when the earlier requests are answered
        else:
            self._answer_and_linger(rejection, count=False)

    def _answer_and_linger(self, rejection: Rejection, *, count: bool = True) -> None:
        if count:
            self._table.observer.rejected(rejection.code)
        self.flow.resume_reading()
        self.transport.write(rejection.response(self.server_state.default_headers))
        self._linger()

    def _finish(self) -> None:
        """Close after the last answer: at once, or when the client has sent what it is sending."""
        if self._phase is _Phase.BODY or self._stopped:
            self._linger()
        else:
            self._enter(_Phase.CLOSED)
            self.transport.close()

    def _linger(self) -> None:
        """With unread bytes a close would reset the connection, and the client might lose the answer."""
        self._enter(_Phase.LINGER)
        self._heard = self._since
        self.flow.resume_reading()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def _enter(self, phase: _Phase) -> None:
        self._phase, self._since = phase, self.loop.time()

    def _name_client(self) -> str | None:
        """Put the client into the scope, also behind a trusted proxy; its address where a proxy passed it on."""
        peer = self.client[0] if self.client else ""
        if peer not in self._limits.proxies:
            return None
        forwarded = [value.decode("latin-1") for name, value in self.headers if name == b"x-forwarded-for"]
        client = self._limits.proxies.client(peer, forwarded)
        self.scope["client"] = (client, 0)
        proto = next((value.lower() for name, value in self.headers if name == b"x-forwarded-proto"), b"")
        if proto in (b"http", b"https"):
            self.scope["scheme"] = "https" if proto == b"https" else "http"
        return client if client != peer else None

    def _forget_client(self) -> None:
        client = self._clients.popleft() if self._clients else None
        if client is not None:
            self._table.end_request(client)


class _Writes:
    """What a cycle of uvicorn writes to: the transport, except that its close may linger."""

    def __init__(self, transport: asyncio.Transport, finish: Callable[[], None]) -> None:
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, finish


def _answers(rejection: Rejection) -> Any:
    """An ASGI app that answers every request so."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": rejection.status, "headers": rejection.headers()})
        await send({"type": "http.response.body", "body": rejection.body()})

    return app
