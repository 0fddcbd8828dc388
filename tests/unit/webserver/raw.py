"""A real server in a thread, on either event loop, and raw sockets to it."""

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from webserver import serve
from webserver.connection import Connection
from webserver.limits import HttpLimits

WAIT_S = 30
HOST = b"Host: a\r\n"


@dataclass
class Seen:
    """An observer, and what the app was asked."""

    codes: Counter[str] = field(default_factory=Counter)
    open: int = 0
    most: int = 0
    requests: list[str] = field(default_factory=list)
    disconnected: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def connections(self, number: int) -> None:
        self.open, self.most = number, max(self.most, number)

    def rejected(self, code: str) -> None:
        self.codes[code] += 1


class App:
    """Echoes, refuses without reading, streams, and waits."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        routes = [
            Route("/echo", self.echo, methods=["GET", "POST"]),
            Route("/refuse", self.refuse, methods=["POST"]),
            Route("/stream", self.stream),
            Route("/wait", self.wait),
            Route("/large", self.large),
        ]
        self.asgi = Starlette(routes=routes)

    async def echo(self, request: Request) -> Response:
        """The body's size, the client, and the headers as they are at the end of the body."""
        self._seen.requests.append(request.url.path)
        try:
            body = await request.body()
        except ClientDisconnect:
            self._seen.disconnected.set()
            raise
        names = [name.decode() for name, _ in request.scope["headers"]]
        client = request.client.host if request.client else None
        return JSONResponse({"size": len(body), "client": client, "headers": names, "scheme": request.url.scheme})

    async def refuse(self, _request: Request) -> Response:
        """401 before the body is read."""
        return JSONResponse({"code": "key_missing"}, 401)

    async def stream(self, _request: Request) -> Response:
        """Events until the client goes."""

        async def events() -> Any:
            while not self._seen.go_on.is_set():
                yield b"data: x\n\n"
                await asyncio.sleep(0.05)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def wait(self, _request: Request) -> Response:
        """An answer when the test says so."""
        await asyncio.to_thread(self._seen.go_on.wait, WAIT_S)
        return JSONResponse({"waited": True})

    async def large(self, _request: Request) -> Response:
        """More than sockets buffer."""

        async def parts() -> Any:
            for _ in range(400):
                yield b"x" * 65536

        return StreamingResponse(parts())


@dataclass
class Served:
    """A running server."""

    port: int
    seen: Seen

    def raw(self, *sent: bytes) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for data in sent:
            client.sendall(data)
        return client

    def answer(self, *sent: bytes) -> "Answer":
        """The first answer to what is sent."""
        with self.raw(*sent) as client:
            return read_answer(client)


@dataclass
class Answer:
    """One response; status 0 when the connection was closed instead."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


def read_answer(client: socket.socket) -> Answer:
    """The next response on a connection."""
    answers = client.makefile("rb", 0)  # a buffer would keep the next answer
    try:
        line = answers.readline()
    except ConnectionResetError:
        line = b""
    if not line:
        return Answer(0, {}, b"")
    headers = {}
    while (text := answers.readline().strip()) != b"":
        name, _, value = text.partition(b":")
        headers[name.decode().lower()] = value.strip().decode()
    body, length = b"", int(headers.get("content-length", 0))
    while len(body) < length and (more := answers.read(length - len(body))):
        body += more
    return Answer(int(line.split()[1]), headers, body)


def ends(client: socket.socket) -> bool:
    """Read to the end of the connection."""
    try:
        while client.recv(1 << 20):
            pass
    except ConnectionError:
        pass
    return True


@contextmanager
def serving(new_loop: Callable[[], asyncio.AbstractEventLoop], limits: HttpLimits) -> Iterator[Served]:
    """A server with its own loop in a thread."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen, started = Seen(), list[Any]()

    async def run() -> None:
        stop = asyncio.Event()
        started.extend((asyncio.get_running_loop(), stop))
        await serve.serve_asgi(App(seen).asgi, "127.0.0.1", port, Connection, limits, seen)(stop)

    def work() -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while not _listens(port):
            assert thread.is_alive()
        while seen.open or not seen.most:  # the connection that looked whether it listens
            time.sleep(0.01)
        seen.most = 0
        yield Served(port, seen)
    finally:
        seen.go_on.set()
        loop, stop = started
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def post(head: bytes = b"", body: bytes = b"", path: bytes = b"/echo") -> bytes:
    """A POST with more headers, each with its line end."""
    return b"POST %s HTTP/1.1\r\n%s%s\r\n%s" % (path, HOST, head, body)
