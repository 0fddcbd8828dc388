"""Receiving bytes: the real ingest by tus, against Starlette's UploadFile. CPU of the server's process alone."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jwt

from bench.harness import Failed, Measure, Usage
from bench.processes import Server, free_port, listens, server
from bench.workspace import Workspace
from tablewatch_schemas import new_id
from tablewatch_schemas.manifest import RunSpec, Sampling

CHUNK = bytes(range(256)) * (32 << 10)
"""8 MiB, the chunk size that uploaders are advised to use."""
SECRET = "an upload secret of the benchmark alone"  # noqa: S105 - of a server that lives for one measure


@contextmanager
def measured(running: Server, found: list[Usage]) -> Iterator[None]:
    """Adds what a server used within the block."""
    cpu, began = running.cpu_s(), time.perf_counter()
    yield
    found.append(Usage(running.cpu_s() - cpu, time.perf_counter() - began, running.peak_mib()))


@dataclass(frozen=True, slots=True)
class Tus:
    """`chunks` PATCH requests to a real ingest on real Kafka and Postgres.

    One byte more is announced and never sent: what follows the last one, hash and admission, has no counterpart.
    """

    workspace: Workspace
    chunks: int

    def run(self) -> Usage:
        port, found = free_port(), list[Usage]()
        infra = self.workspace.infra
        with TemporaryDirectory(dir=self.workspace.folder) as home:
            settings = {
                "KAFKA_BOOTSTRAP": infra.kafka_bootstrap, "DATABASE_URL": infra.new_database(), "OPS_PORT": "0",
                "TABLEWATCH_HOME": home, "INGEST_PORT": str(port), "INGEST_GROUP": new_id("key"),
                "UPLOAD_TOKEN_SECRET": SECRET, "LINK_SECRET": "b" * 32,
            }  # fmt: skip
            with server([sys.executable, "-m", "ingest"], settings, Path(home) / "ingest.log") as ingest:
                ingest.wait_for(lambda: listens(port), "ingest")
                with measured(ingest, found):
                    self._send(port)
        return found[0]

    def _send(self, port: int) -> None:
        size, token = self.chunks * len(CHUNK), claims()
        common = {"Authorization": f"Bearer {jwt.encode(token, SECRET, 'HS256')}", "Tus-Resumable": "1.0.0"}
        connection = http.client.HTTPConnection("127.0.0.1", port)
        path = f"/v1/uploads/{token['video_id']}"
        _request(connection, "POST", "/v1/uploads", None, {**common, "Upload-Length": str(size + 1)}, 201)
        for offset in range(0, size, len(CHUNK)):
            more = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            _request(connection, "PATCH", path, CHUNK, {**common, **more}, 204)
        connection.close()


@dataclass(frozen=True, slots=True)
class Multipart:
    """As many bytes in one form."""

    workspace: Workspace
    chunks: int

    def run(self) -> Usage:
        port, found = free_port(), list[Usage]()
        with TemporaryDirectory(dir=self.workspace.folder) as home:
            argv = [sys.executable, "-m", "bench.cases.upload_file", str(port), home]
            with server(argv, {"TMPDIR": home}, Path(home) / "server.log") as running:
                running.wait_for(lambda: listens(port), "the server")
                with measured(running, found):
                    self._send(port)
        return found[0]

    def _send(self, port: int) -> None:
        head = b'--bench\r\nContent-Disposition: form-data; name="file"; filename="video.mp4"\r\n\r\n'
        tail = b"\r\n--bench--\r\n"
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.putrequest("POST", "/")
        connection.putheader("Content-Type", "multipart/form-data; boundary=bench")
        connection.putheader("Content-Length", str(len(head) + self.chunks * len(CHUNK) + len(tail)))
        connection.endheaders()
        for part in (head, *[CHUNK] * self.chunks, tail):
            connection.send(part)
        _check(connection, 201)
        connection.close()


def _request(
    connection: http.client.HTTPConnection,
    verb: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
    expected: int,
) -> None:
    connection.request(verb, path, body, headers)
    _check(connection, expected)


def _check(connection: http.client.HTTPConnection, expected: int) -> None:
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != expected:
        raise Failed(f"answer {answer.status}: {body[:300]!r}")


def claims() -> dict[str, Any]:
    """An upload token's, as the api signs them."""
    run = RunSpec(
        run_id=new_id("run"), video_id=new_id("vid"), site_id=new_id("site"), camera_id=None, layout_key=None,
        sampling=Sampling(mode="cadence", every_ms=1000), make=("frames",), started_at=None,
    )  # fmt: skip
    return {
        "aud": "tablewatch-upload", "exp": datetime.now(UTC) + timedelta(hours=1), **run.to_dict(),
        "max_bytes": 1 << 40, "max_duration_ms": 3_600_000,
    }  # fmt: skip


def tus_upload(workspace: Workspace) -> Measure:
    """512 MiB."""
    chunks = workspace.count(64)
    return Measure("tus-upload", Tus(workspace, chunks), Multipart(workspace, chunks), "starlette-UploadFile", 2.5)
