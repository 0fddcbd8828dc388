"""What the server itself answers, before any application sees the request."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from webserver.problems import MEDIA_TYPE, problem_document


@dataclass(frozen=True, slots=True)
class Rejection:
    """A status and a code that does not change its meaning; `retryable`: the same request can succeed later."""

    status: int
    code: str
    sentence: str
    retryable: bool = False

    def body(self) -> bytes:
        """A problem document (RFC 9457)."""
        return orjson.dumps(
            problem_document(self.code, self.sentence, self.status, self.sentence, retryable=self.retryable)
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Those of the response; the connection always ends with it."""
        found = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(self.body())).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        if self.status in (429, 503):
            found.append((b"retry-after", b"1"))
        return found

    def response(self, more: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
        """The whole response as it is sent, with `more` headers."""
        status = HTTPStatus(self.status)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        lines += [b"%s: %s" % pair for pair in (*more, *self.headers())]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body()


MALFORMED = Rejection(400, "request_malformed", "The request is not valid HTTP/1.1.")
HEAD_TIMEOUT = Rejection(408, "head_timeout", "The head of the request did not arrive in time.", True)
BODY_TIMEOUT = Rejection(408, "body_timeout", "The body of the request stopped, or came too slowly.", True)
CHUNKS_WASTEFUL = Rejection(
    413, "chunks_wasteful", "The body has more bytes of chunk sizes, extensions and trailers than of content."
)
URL_TOO_LONG = Rejection(414, "url_too_long", "The URL is too long.")
TOO_MANY_CONNECTIONS = Rejection(
    429, "too_many_connections", "Your address has too many open connections; close some, or try again.", True
)
TOO_MANY_PIPELINED = Rejection(
    429, "too_many_pipelined", "Too many requests were sent on one connection without waiting for answers.", True
)
HEAD_TOO_LARGE = Rejection(431, "head_too_large", "The head of the request is too large.")
SERVER_FULL = Rejection(503, "server_full", "The server has as many connections as it can hold; try again.", True)
VERSION_UNSUPPORTED = Rejection(505, "version_unsupported", "Send the request as HTTP/1.1 or HTTP/1.0.")

REJECTIONS = (
    MALFORMED,
    HEAD_TIMEOUT,
    BODY_TIMEOUT,
    CHUNKS_WASTEFUL,
    URL_TOO_LONG,
    TOO_MANY_CONNECTIONS,
    TOO_MANY_PIPELINED,
    HEAD_TOO_LARGE,
    SERVER_FULL,
    VERSION_UNSUPPORTED,
)
