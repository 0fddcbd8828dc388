"""A proxy in front of an S3 server that refuses with 503, or answers late, while a test wants it to."""

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
class Faults:
    """The share of requests that is refused, the share that is late, and how late (seconds). Counts outcomes."""

    refused: float = 0.0
    late: float = 0.0
    late_s: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "refused": 0, "late": 0})
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def outcome(self) -> str:
        """What happens to the next request: passed, refused or late."""
        number = self.chance.random()
        chosen = "refused" if number < self.refused else "late" if number < self.refused + self.late else "passed"
        self.counts[chosen] += 1
        return chosen

    def begin(self, refused: float, late: float, late_s: float = 0.0) -> None:
        """Inject from now on, and count from zero."""
        self.counts = dict.fromkeys(self.counts, 0)
        self.refused, self.late, self.late_s = refused, late, late_s

    def end(self) -> None:
        """Pass everything from now on; requests that are late already stay so."""
        self.refused = self.late = 0.0


@contextmanager
def faulty_proxy(upstream: str, faults: Faults) -> Iterator[str]:
    """The address of a proxy to `upstream` on a free port of the loopback."""

    class Proxy(_Proxy):
        """Bound to this server and these faults."""

    Proxy.upstream, Proxy.faults = urlsplit(upstream).netloc, faults
    server = _Server(("127.0.0.1", 0), Proxy)
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


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: str
    faults: Faults

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        outcome = self.faults.outcome()
        if outcome == "refused":
            self._respond(503, [("Content-Type", "application/xml")], BUSY)
            return
        if outcome == "late":
            time.sleep(self.faults.late_s)
        self._forward(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815 (http.server's names)

    def _forward(self, body: bytes) -> None:
        """Send the request on unchanged: its signature covers the Host that the client used."""
        upstream = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            response = upstream.getresponse()
            self._respond(response.status, response.getheaders(), response.read())
        finally:
            upstream.close()

    def _respond(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
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
        """Log nothing: the tests read the counts."""
