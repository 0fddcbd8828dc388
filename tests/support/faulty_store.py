"""A door in front of an S3 server that can be told to misbehave: refuse with 503, or answer late."""

import http.client
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "transfer-encoding", "keep-alive"}
BUSY = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)


@dataclass
class Mood:
    """What share of requests is refused, what share is late, and how late (seconds). Counts what it did."""

    refused: float = 0.0
    late: float = 0.0
    late_s: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "refused": 0, "late": 0})
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def turn(self) -> str:
        """What happens to the next request."""
        number = self.dice.random()
        chosen = "refused" if number < self.refused else "late" if number < self.refused + self.late else "passed"
        self.counts[chosen] += 1
        return chosen

    def sick(self, refused: float, late: float, late_s: float = 0.0) -> None:
        """Misbehave from now on, and count anew."""
        self.counts = dict.fromkeys(self.counts, 0)
        self.refused, self.late, self.late_s = refused, late, late_s

    def well(self) -> None:
        """Behave from now on; what is late already stays so."""
        self.refused = self.late = 0.0


@contextmanager
def faulty_door(upstream: str, mood: Mood) -> Iterator[str]:
    """The address of a proxy to `upstream` on a free port of the loopback."""

    class Door(_Door):
        """Bound to this server and mood."""

    Door.upstream, Door.mood = urlsplit(upstream).netloc, mood
    server = _Server(("127.0.0.1", 0), Door)
    serving = threading.Thread(target=server.serve_forever, name="faulty store", daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join(10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of five, the default, connections would wait for each other


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: str
    mood: Mood

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        turn = self.mood.turn()
        if turn == "refused":
            self._answer(503, [("Content-Type", "application/xml")], BUSY)
            return
        if turn == "late":
            time.sleep(self.mood.late_s)
        self._pass_on(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815 (http.server's names)

    def _pass_on(self, body: bytes) -> None:
        """The request as it came: its signature covers the Host that the client used."""
        upstream = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read())
        finally:
            upstream.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        length = str(len(body))
        for name, value in headers:
            if name.lower() == "content-length":
                length = value  # of a HEAD the length of what a GET would bring
            elif name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the tests count for themselves."""
