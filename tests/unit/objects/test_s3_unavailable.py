"""An unavailable store is a ConnectionError: consumers retry it and nothing ends the process."""

import socket
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest
import urllib3
from minio import Minio

from objects import minio_patches
from objects.multipart import S3Multipart
from objects.s3 import S3Objects
from objects.settings import ObjectSettings
from objects.store import ObjectInfo


def _store(port: int) -> S3Objects:
    pool = urllib3.PoolManager(timeout=1, retries=False)
    client = Minio(
        f"127.0.0.1:{port}", access_key="k", secret_key="s" * 8, secure=False, region="here", http_client=pool
    )
    return S3Objects(client, "bucket")


async def _list(store: S3Objects) -> list[ObjectInfo]:
    return [info async for info in store.list("a/")]


CALLS: dict[str, Callable[[S3Objects], Awaitable[object]]] = {
    "put": lambda store: store.put("a", b"x"),
    "get": lambda store: store.get("a"),
    "get_range": lambda store: store.get_range("a", 0, 1),
    "stat": lambda store: store.stat("a"),
    "delete": lambda store: store.delete("a"),
    "delete_prefix": lambda store: store.delete_prefix("a/"),
    "list": _list,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_nothing_listens(call: Callable[[S3Objects], Awaitable[object]]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ConnectionError, match="object store"):
        await call(_store(port))


async def test_it_is_overloaded() -> None:
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
    """As a store behind a cut connection; a POST, which may take long, has a longer timeout."""
    monkeypatch.setattr(minio_patches, "READ_S", 0.2)
    monkeypatch.setattr(minio_patches, "SLOW_READ_S", 30.0)
    requests: list[str] = []

    class Silent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.command)
            over.wait(30)

        def do_POST(self) -> None:
            requests.append(self.command)
            over.wait(1)
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    over, server = threading.Event(), ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("S3_URL", f"http://127.0.0.1:{server.server_port}")
    store = S3Objects.from_settings(ObjectSettings())
    store._bucket_exists = True
    try:
        with pytest.raises(ConnectionError, match="object store"):
            await store.get("a")
        with pytest.raises(ConnectionError, match="403"):
            await S3Multipart(store).create("a")
        assert requests == ["GET"] * 3 + ["POST"]
    finally:
        over.set()
        server.shutdown()
