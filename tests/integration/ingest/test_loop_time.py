"""No request keeps ingest's event loop: every operation with its largest body, by processor time of callbacks."""

import asyncio
import base64
import hashlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import Route
from tests.integration.ingest.process import SECRET, claims, free_port, token_of
from tests.integration.s3 import S3Server
from tests.support.loop_time import MOST_MS, least_of

from chassis.clock import SystemClock
from chassis.database import connect
from chassis.metrics import Metrics
from chassis.migrations import migrate
from ingest.__main__ import MIGRATIONS
from ingest.admission.probe import ProbeOptions
from ingest.borrowed_body import BorrowingConnection
from ingest.http.app import make_app
from ingest.http.multipart import MAX_BODY
from ingest.http.rate_limit import RequestLimiter
from ingest.settings import Settings
from ingest.store.uploads import Uploads
from ingest.upload.finish import Finisher
from ingest.upload.multipart import MOST_PARTS, MultipartService
from ingest.upload.room import Room
from ingest.upload.service import UploadService
from objects.multipart import open_multipart
from objects.open import open_objects
from objects.space import StoreSpace
from ratelimit.limiter import SharedLimiter
from webserver.bodies import BodyBudget
from webserver.serve import serve_asgi
from webserver.wrong_keys import WrongKeys

VIDEO = "/v1/uploads/{video_id}"
BYTES = b"\x00" * (16 * 1024 * 1024)
CHECKSUM = "sha256 " + base64.b64encode(hashlib.sha256(BYTES).digest()).decode()
TUS = {"Tus-Resumable": "1.0.0"}
APPEND = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
BEGIN = TUS | {"Upload-Length": str(len(BYTES)), "Upload-Metadata": "filename " + "QUFB" * 1000}
HOSTILE = [
    b'{"numbers":[' + b"1," * (MAX_BODY // 2 - 20) + b"1]}",
    b'{"numbers":[' + b'"a",' * (MAX_BODY // 4 - 20) + b'"a"]}',
    b'{"parts":[' + b"{}," * (MAX_BODY // 3 - 20) + b"{}]}",
    b"{" + b",".join(b'"%d":0' % number for number in range(180_000)) + b"}",
    b"[" * 20_000 + b"]" * 20_000,
]
PARTS = {"parts": [{"number": number + 1, "etag": f'"{"a" * 32}"'} for number in range(MOST_PARTS)]}
# By operation: headers and bodies. Each gets an upload of its own, which was begun unless it is what begins it.
CASES: dict[tuple[str, str], list[tuple[dict[str, str], Any]]] = {
    ("OPTIONS", "/v1/uploads"): [({}, b"")],
    ("OPTIONS", VIDEO): [({}, b"")],
    ("POST", "/v1/uploads"): [(BEGIN, b""), (BEGIN | APPEND, BYTES)],
    ("HEAD", VIDEO): [(TUS, b"")],
    ("PATCH", VIDEO): [(APPEND, BYTES), (APPEND | {"Upload-Checksum": CHECKSUM}, BYTES)],
    ("DELETE", VIDEO): [(TUS, b"")],
    ("GET", VIDEO): [({}, b"")],
    ("POST", f"{VIDEO}/content"): [({}, BYTES)],
    ("PUT", f"{VIDEO}/content"): [({}, BYTES)],
    ("POST", f"{VIDEO}/parts"): [({}, {"size_bytes": 1 << 30}), *(({}, body) for body in HOSTILE)],
    ("GET", f"{VIDEO}/parts"): [({}, b"")],
    ("POST", f"{VIDEO}/parts/sign"): [({}, {"numbers": [1] * 100}), *(({}, body) for body in HOSTILE)],
    ("POST", f"{VIDEO}/parts/complete"): [({}, PARTS), *(({}, body) for body in HOSTILE)],
    ("DELETE", f"{VIDEO}/parts"): [({}, b"")],
}


async def test_no_request_keeps_the_loop(database_url: str, s3: S3Server, tmp_path: Path) -> None:
    measured = dict[str, float]()
    async with _serving(database_url, s3, tmp_path) as (app, url):
        assert _operations(app) == set(CASES), "each operation needs a case"
        with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
            for name, send in _requests(client):
                measured[name] = (await least_of(lambda send=send: asyncio.to_thread(send))).longest_ms  # type: ignore[misc]
    print("\n".join(f"{ms:7.1f} ms  {name}" for name, ms in sorted(measured.items(), key=lambda each: each[1])))
    assert {name: ms for name, ms in measured.items() if ms > MOST_MS} == {}


def _operations(app: FastAPI) -> set[tuple[str, str]]:
    """Those of the document, and the routes beside it."""
    documented = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    pages = {"/openapi.json"}
    beside = [each for each in app.routes if isinstance(each, Route) and each.path not in pages]
    return documented | {(method, each.path) for each in beside for method in each.methods or ()}


def _requests(client: httpx.Client) -> Iterator[tuple[str, Callable[[], object]]]:
    for (method, path), cases in CASES.items():
        for number, (headers, body) in enumerate(cases):
            yield f"{method} {path} {number}", _sender(client, method, path, headers, body)


def _sender(client: httpx.Client, method: str, path: str, headers: dict[str, str], body: Any) -> Callable[[], object]:
    """A request on a new upload each time."""

    def send() -> None:
        token = claims()
        sent = {"Authorization": f"Bearer {token_of(token)}"} | headers
        own = path.replace("{video_id}", token["video_id"])
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        if path.startswith(f"{VIDEO}/parts/"):
            client.post(f"/v1/uploads/{token['video_id']}/parts", json={"size_bytes": 1 << 30}, headers=sent)
        elif path == VIDEO and method != "OPTIONS":
            client.post("/v1/uploads", headers=sent | BEGIN)
        response = client.request(method, own, headers=sent, **content)
        assert response.status_code < 500, (method, path, response.text)

    return send


@asynccontextmanager
async def _serving(database_url: str, s3: S3Server, folder: Path) -> AsyncIterator[tuple[FastAPI, str]]:
    """ingest's HTTP server in this process, without Kafka."""
    clock, schema, port = SystemClock(), f"ingest_{free_port()}", free_port()
    await migrate(database_url, schema, MIGRATIONS)
    pool = await connect(database_url, schema, size=8)
    settings = Settings(  # type: ignore[call-arg]
        tablewatch_home=folder, s3_url=s3.url, s3_access_key=SecretStr(s3.access_key),
        s3_secret_key=SecretStr(s3.secret_key), link_secret=SecretStr(SECRET),
    )  # fmt: skip
    objects, bucket = open_objects(settings, Metrics(), clock), open_multipart(settings)
    assert bucket is not None
    uploads, log = Uploads(pool, 3600), structlog.get_logger("test")
    room = Room(folder, StoreSpace(None, 0, clock), pool, min_free=0, clock=clock)
    finisher = Finisher(
        uploads, objects, folder, room, probe=ProbeOptions(20, 2048, (), entries=1000), max_pixels=1 << 24,
        max_streams=8, at_once=2, clock=clock, metrics=Metrics(), log=log, bucket=bucket,
    )  # fmt: skip
    service = UploadService(uploads, finisher, folder, room, idle_s=60, clock=clock)
    limiter = RequestLimiter("", "", SharedLimiter(pool, clock=clock, metrics=Metrics(), log=log))
    multipart = MultipartService(service, uploads, finisher, bucket, objects, clock)
    wrong_keys, stop = (
        WrongKeys(1000, now=clock.monotonic, count=lambda _what, _outcome: None, log=log),
        asyncio.Event(),
    )
    app = make_app(
        service,
        SecretStr(SECRET),
        ["http://x"],
        clock,
        limiter,
        wrong_keys,
        BodyBudget(settings.http_body_budget_bytes),
        multipart,
    )
    serving = asyncio.create_task(serve_asgi(app, "127.0.0.1", port, BorrowingConnection)(stop))
    try:
        for _ in itertools.count():
            with suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            await asyncio.sleep(0.05)
        yield app, f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await serving
        await pool.execute(f'DROP SCHEMA "{schema}" CASCADE')
        await pool.close()
