"""An external cropper on loopback: a real HTTP server that knows the tables of one camera."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web


def zone(label: str, *box: float) -> dict[str, Any]:
    """A table of the crop JSON: x1, y1, x2, y2 of its seat zone, pixels."""
    return {"id": f"crop-{label}", "label": label, "box": list(box)}


@dataclass
class Cropper:
    """`tables` is what it sees now; `token` is asked for. What it was asked is in `requests`, with the bodies."""

    tables: Sequence[dict[str, Any]] = ()
    token: str | None = None
    body: bytes | None = None
    """Sent instead of a document."""
    status: int = 200
    port: int = 0
    requests: list[tuple[web.Request, bytes]] = field(default_factory=list)
    not_modified: int = 0
    held: asyncio.Event | None = None
    """No answer before it is set."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/crops?room=front"

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request, await request.read()))
        if self.held is not None:
            await self.held.wait()
        if self.token is not None and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        document = {"camera": "front", "width": 1280, "height": 720, "tables": list(self.tables)}
        body = orjson.dumps(document) if self.body is None else self.body
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            self.not_modified += 1
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, status=self.status, content_type="application/json", headers={"ETag": etag})


@asynccontextmanager
async def serving(cropper: Cropper) -> AsyncIterator[Cropper]:
    """Serve it until the block ends."""
    runner = web.ServerRunner(web.Server(cropper.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    cropper.port = runner.addresses[0][1]
    try:
        yield cropper
    finally:
        await runner.cleanup()
