"""Bodies that are borrowed, over real sockets, on both event loops."""

import asyncio
import hashlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.borrowed_body import BUFFER_BYTES, BorrowingConnection, borrowed_body
from webserver.serve import serve_asgi

BODY = bytes(range(251)) * 20_000  # 5 MB, and no two pieces of a power of two are alike


@dataclass
class Served:
    """A running server, and what its app received."""

    port: int
    sizes: list[int] = field(default_factory=list)
    kinds: set[type] = field(default_factory=set)
    gone: list[int] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    borrowed: list[tuple[memoryview, bytes]] = field(default_factory=list)

    async def whole(self, request: Request) -> Response:
        """Its size and digest."""
        digest, size = hashlib.sha256(), 0
        try:
            async for piece in borrowed_body(request):
                self.sizes.append(len(piece))
                self.kinds.add(type(piece))
                await asyncio.sleep(0)  # the socket may do what it likes meanwhile
                digest.update(piece)
                size += len(piece)
        except ClientDisconnect:
            self.gone.append(size)
            self.ended.set()
            raise
        return PlainTextResponse(f"{size} {digest.hexdigest()}")

    async def refuses(self, request: Request) -> Response:
        """An answer after the first of it."""
        async for piece in borrowed_body(request):
            if isinstance(piece, memoryview) and piece:
                self.borrowed.append((piece, bytes(piece)))
                break
        return PlainTextResponse("no", 422)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = Served(free.getsockname()[1])
    app = Starlette(
        routes=[Route("/whole", found.whole, methods=["PATCH"]), Route("/refuses", found.refuses, methods=["PATCH"])]
    )
    started: list[Any] = []
    thread = threading.Thread(target=_serve, args=(request.param, app, found.port, started))
    thread.start()
    try:
        while not _listens(found.port):
            assert thread.is_alive()
        yield found
    finally:
        loop, stop = started
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _serve(new_loop: Callable[[], asyncio.AbstractEventLoop], app: Starlette, port: int, started: list[Any]) -> None:
    async def serve() -> None:
        stop = asyncio.Event()
        started.extend((asyncio.get_running_loop(), stop))
        await serve_asgi(app, "127.0.0.1", port, BorrowingConnection)(stop)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(serve())


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def sent(connection: http.client.HTTPConnection, body: Any, path: str = "/whole", **more: Any) -> tuple[int, str]:
    connection.request("PATCH", path, body, **more)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def expected(body: bytes) -> tuple[int, str]:
    return 200, f"{len(body)} {hashlib.sha256(body).hexdigest()}"


def test_a_body_arrives_as_it_was_sent(served: Served) -> None:
    assert sent(served.connect(), BODY) == expected(BODY)
    assert memoryview in served.kinds and max(served.sizes) <= BUFFER_BYTES


def test_one_connection_serves_one_request_after_the_other(served: Served) -> None:
    connection = served.connect()
    for body in (BODY, b"", b"small", BODY[::-1], b"x" * BUFFER_BYTES, BODY[:300_001]):
        assert sent(connection, body) == expected(body)


def test_requests_that_do_not_wait_for_answers_keep_their_bodies(served: Served) -> None:
    bodies = [BODY, b"second", BODY[1000:], b""]
    with served.raw() as client:
        sender = threading.Thread(target=client.sendall, args=(b"".join(map(_request, bodies)),))
        sender.start()
        answers = client.makefile("rb")
        for body in bodies:
            assert _answer(answers) == expected(body)
        sender.join()


def test_a_body_that_trickles(served: Served) -> None:
    with served.raw() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        whole = _request(BODY[:50_000])
        for begin in range(0, len(whole), 777):
            client.sendall(whole[begin : begin + 777])
        assert _answer(client.makefile("rb")) == expected(BODY[:50_000])


def test_a_body_without_a_length_comes_the_usual_way(served: Served) -> None:
    connection = served.connect()
    for _ in range(2):
        chunks = (BODY[begin : begin + 100_000] for begin in range(0, len(BODY), 100_000))
        assert sent(connection, chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"}) == expected(BODY)
    assert served.kinds == {bytes}


def test_a_client_that_waits_to_be_asked_for_the_body(served: Served) -> None:
    with served.raw() as client:
        head, _, body = _request(BODY, b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        client.sendall(head + b"\r\n\r\n")
        answers = client.makefile("rb")
        assert answers.readline() == b"HTTP/1.1 100 Continue\r\n" and answers.readline() == b"\r\n"
        client.sendall(body)
        assert _answer(answers) == expected(BODY)


def test_what_came_before_the_client_went_is_given(served: Served) -> None:
    with served.raw() as client:
        client.sendall(_request(BODY)[:-1000])
    assert served.ended.wait(30)
    assert served.gone == [len(BODY) - 1000]


def test_an_answer_before_the_end_throws_the_rest_away(served: Served) -> None:
    connection = served.connect()
    assert sent(connection, BODY * 4, "/refuses") == (422, "no")
    assert sent(connection, BODY) == expected(BODY)
    ((piece, copied),) = served.borrowed
    assert piece == copied, "a thread may still have been writing it"


def _request(body: bytes, more: bytes = b"") -> bytes:
    return b"PATCH /whole HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s" % (more, len(body), body)


def _answer(answers: Any) -> tuple[int, str]:
    status, length = int(answers.readline().split()[1]), 0
    while (line := answers.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, answers.read(length).decode()
