"""A store that is away is a ConnectionError: consumers wait it out and nothing ends the process."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import urllib3
from minio import Minio

from chassis.objects_s3 import S3Objects


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
