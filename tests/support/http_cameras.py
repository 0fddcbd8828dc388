"""Servers on loopback that are cameras over HTTP: real ones (aiohttp), with faults on request."""

import base64
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
from aiohttp import web
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def picture(number: int, size: tuple[int, int] = (64, 36)) -> bytes:
    """A JPEG that is another for each number."""
    pixels = np.full((size[1], size[0], 3), number * 7 % 200 + 20, np.uint8)
    cv2.putText(pixels, str(number), (2, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255))
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def room(size: tuple[int, int] = (320, 180)) -> Luma:
    """Boxes of all greys."""
    boxes = np.random.default_rng(3).integers(40, 220, (9, 16)).astype(np.uint8)
    return np.asarray(cv2.resize(boxes, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def commented(luma: Luma, number: int) -> bytes:
    """A JPEG with a number that is not seen."""
    jpeg, text = cv2.imencode(".jpg", luma)[1].tobytes(), str(number).encode()
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


@dataclass
class HttpCamera:
    """`answers` by path; `login` is asked for by `scheme`."""

    answers: dict[str, Handler] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    scheme: str = "Digest"
    port: int = 0
    requests: list[web.Request] = field(default_factory=list)
    refused: int = 0
    """Requests without the right login."""
    _nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if self.login is not None and not self._admits(request, *self.login):
            self.refused += 1
            digest = f', nonce="{self._nonce}", qop="auth", algorithm=MD5' if self.scheme == "Digest" else ""
            challenge = f'{self.scheme} realm="cam"{digest}'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        handler = self.answers.get(request.path)
        return web.Response(status=404) if handler is None else await handler(request)

    def _admits(self, request: web.Request, user: str, password: str) -> bool:
        given = request.headers.get("Authorization", "")
        if self.scheme == "Basic":
            return given == "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        found = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
        if found.get("nonce") != self._nonce or found.get("username") != user or found.get("uri") != request.path_qs:
            return False
        ours = ":".join((_md5(f"{user}:cam:{password}"), self._nonce, found["nc"], found["cnonce"], "auth"))
        return found.get("response") == _md5(f"{ours}:{_md5(f'GET:{request.path_qs}')}")


@asynccontextmanager
async def http_camera(camera: HttpCamera) -> AsyncIterator[HttpCamera]:
    """Serve it until the block ends."""
    server = web.Server(camera.serve)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    camera.port = runner.addresses[0][1]
    try:
        yield camera
    finally:
        await runner.cleanup()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
