"""A store that is away is a ConnectionError: consumers wait it out and nothing ends the process."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest
import urllib3
from minio import Minio

from chassis import objects_s3
from chassis.multipart import S3Multipart
from chassis.objects_s3 import S3Objects
from chassis.settings import ServiceSettings


def _store(port: int) -> S3Objects:
    impatient = urllib3.PoolManager(timeout=1, retries=False)
    client = Minio(
        f"127.0.0.1:{port}", access_key="k", secret_key="s" * 8, secure=False, region="here", http_client=impatient
    )
    return S3Objects(client, "bucket")


async def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ConnectionError, match="object store"):
        await _store(port).put("a", b"x")


async def test_it_answers_503() -> None:
    class Overloaded(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(503)
            self.end_headers()

        do_GET = do_PUT = do_HEAD  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Overloaded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(ConnectionError, match="object store"):
            await _store(server.server_port).get("a")
    finally:
        server.shutdown()


async def test_it_takes_a_request_and_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a store that was cut off does; where it may have much to do it is given longer."""
    monkeypatch.setattr(objects_s3, "READ_S", 0.2)
    monkeypatch.setattr(objects_s3, "SLOW_READ_S", 30.0)
    asked: list[str] = []

    class Silent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.command)
            over.wait(30)

        def do_POST(self) -> None:
            asked.append(self.command)
            over.wait(1)
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    over, server = threading.Event(), ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("S3_URL", f"http://127.0.0.1:{server.server_port}")
    store = S3Objects.from_settings(ServiceSettings())
    store._prepared = True
    try:
        with pytest.raises(ConnectionError, match="object store"):
            await store.get("a")
        with pytest.raises(ConnectionError, match="403"):
            await S3Multipart(store).create("a")
        assert asked == ["GET"] * 3 + ["POST"]
    finally:
        over.set()
        server.shutdown()
