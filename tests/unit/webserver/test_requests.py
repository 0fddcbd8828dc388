"""Requests that no client should send, over real sockets, on both event loops."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvloop
from tests.unit.webserver.raw import HOST, Answer, Served, post, read_answer, serving

from webserver.limits import HttpLimits

LIMITS = HttpLimits(head_bytes=8192, headers=20)
GET = b"GET /echo HTTP/1.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module", params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(request.param, LIMITS) as found:
        yield found


def flooded(served: Served, begin: bytes, filler: bytes, most: int) -> tuple[Answer, int]:
    """The answer to a request that does not end, and how many bytes the server took of it."""
    taken = 0
    with served.raw(begin) as client:

        def send() -> None:
            nonlocal taken
            with suppress(OSError):
                while taken < most:
                    taken += client.send(filler)

        sender = threading.Thread(target=send)
        sender.start()
        answer = read_answer(client)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        sender.join()
    return answer, taken


@pytest.mark.parametrize(
    ("begin", "filler", "status", "code"),
    [
        (GET + HOST + b"X: ", b"y" * 65536, 431, "head_too_large"),
        (GET + HOST, b"X: y\r\n" * 1000, 431, "head_too_large"),
        (GET + HOST, (b"X: " + b"y" * 1000 + b"\r\n") * 64, 431, "head_too_large"),
        (GET + HOST + b"n", b"n" * 65536, 431, "head_too_large"),
        (b"GET /", b"u" * 65536, 414, "url_too_long"),
        (b"GET ", b" " * 65536, 431, "head_too_large"),
        (b"", b"\r\n" * 32768, 431, "head_too_large"),
        (b"", b"G" * 65536, 400, "request_malformed"),
    ],
    ids=["value", "headers", "headers-1k", "name", "url", "spaces", "empty-lines", "method"],
)
def test_a_head_without_end_is_answered_and_not_kept(
    served: Served, begin: bytes, filler: bytes, status: int, code: str
) -> None:
    answer, _ = flooded(served, begin, filler, 200_000_000)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["connection"] == "close"
    assert served.seen.codes[code]


def test_a_head_of_the_limit_is_taken_and_one_more_byte_is_not(served: Served) -> None:
    lines = len(b"/echo") + len(HOST) + len("X: \r\n")
    for more, status in ((0, 200), (1, 431)):
        value = b"y" * (LIMITS.head_bytes - lines + more)
        assert served.answer(GET + HOST + b"X: " + value + b"\r\n\r\n").status == status


def test_a_long_head_after_a_short_one_in_the_same_packet(served: Served) -> None:
    short, long = GET + HOST + b"\r\n", GET + HOST + b"X: " + b"y" * 30_000 + b"\r\n\r\n"
    with served.raw(short + long) as client:
        assert read_answer(client).status == 200
        assert read_answer(client).status in (0, 431)


def test_a_head_that_comes_byte_by_byte(served: Served) -> None:
    with served.raw() as client:
        for byte in GET + HOST + b"\r\n":
            client.sendall(bytes([byte]))
        assert read_answer(client).status == 200


@pytest.mark.parametrize(
    "request_",
    [
        GET + b"\r\n",
        GET + HOST + HOST + b"\r\n",
        GET + HOST + b"X: a\r\n folded\r\n\r\n",
        GET + HOST + b"X Y: a\r\n\r\n",
        GET + HOST + b"X: a\x00b\r\n\r\n",
        b"GET /echo HTTP/1.1\nHost: a\n\n",
        b"CONNECT a:443 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        post(b"Content-Length: 3\r\n" + CHUNKED, b"0\r\n\r\n"),
        post(CHUNKED + b"Content-Length: 3\r\n", b"0\r\n\r\n"),
        post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"),
        post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"),
        post(b"Content-Length: 3, 3\r\n", b"abc"),
        post(b"Content-Length: +3\r\n", b"abc"),
        post(b"Content-Length : 3\r\n", b"abc"),
        post(b"Content-Length: 0x3\r\n", b"abc"),
        post(b"Content-Length: 99999999999999999999999\r\n", b"abc"),
        post(b"Content-Length: " + b"0" * 5000 + b"3\r\n", b"abc"),
        post(b"Transfer-Encoding: identity\r\n", b"abc"),
        post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
        post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
        post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
        post(CHUNKED + CHUNKED, b"0\r\n\r\n"),
        post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
        post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
        post(CHUNKED, b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
        post(CHUNKED, b"-1\r\nabc\r\n"),
        post(CHUNKED, b"0x3\r\nabc\r\n0\r\n\r\n"),
        post(CHUNKED, b"FFFFFFFFFFFFFFFFF\r\nabc\r\n"),
        post(CHUNKED, b"3\r\nabcd\r\n0\r\n\r\n"),
        post(CHUNKED, b"3\nabc\r\n0\r\n\r\n"),
        post(b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n", b"abc"),
        post(b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + CHUNKED, b"0\r\n\r\n"),
    ],
)
def test_a_request_that_two_readers_may_read_differently_is_400(served: Served, request_: bytes) -> None:
    smuggled = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
    answer = served.answer(request_ + smuggled)
    assert (answer.status, answer.code) == (400, "request_malformed")
    assert "/smuggled" not in served.seen.requests


@pytest.mark.parametrize("request_", [b"GET /echo HTTP/2.0\r\n" + HOST + b"\r\n", b"GET /echo\r\n\r\n"])
def test_another_version_is_505(served: Served, request_: bytes) -> None:
    answer = served.answer(request_)
    assert (answer.status, answer.code) == (505, "version_unsupported")


def test_http_1_0_is_answered_and_closed(served: Served) -> None:
    with served.raw(b"GET /echo HTTP/1.0\r\n\r\n") as client:
        answer = read_answer(client)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert client.recv(1) == b""


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_an_upgrade_is_not_done_and_the_request_answered(served: Served, protocol: bytes) -> None:
    head = b"Connection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\nUpgrade: " + protocol
    with served.raw(GET + HOST + head + b"\r\n\r\n" + GET + HOST + b"\r\n") as client:
        answer = read_answer(client)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert client.recv(1) == b""


def test_a_trailer_is_no_header(served: Served) -> None:
    body = b"3;a=b\r\nabc\r\n0\r\nX-Late: 1\r\nAuthorization: Bearer x\r\n\r\n"
    with served.raw(post(CHUNKED, body) + GET + HOST + b"\r\n") as client:
        first, second = read_answer(client), read_answer(client)
    assert json.loads(first.body)["size"] == 3
    for answer in (first, second):
        assert {"x-late", "authorization"}.isdisjoint(json.loads(answer.body)["headers"])


@pytest.mark.parametrize(
    "body",
    [b"3;" + b"a" * 100_000, b"3" + b" " * 100_000, b"0\r\nX: " + b"t" * 100_000, b"0\r\n" + b"X: y\r\n" * 20_000,
     b"1;abcdefgh\r\nx\r\n" * 20_000, b"000000001\r\nx\r\n" * 20_000],
    ids=["extension", "spaces", "trailer", "trailers", "extensions", "zeros"],
)  # fmt: skip
def test_a_body_that_is_mostly_framing_is_refused(served: Served, body: bytes) -> None:
    answer = served.answer(post(CHUNKED, body))
    assert (answer.status, answer.code) in ((413, "chunks_wasteful"), (400, "request_malformed"))


def test_small_chunks_are_taken(served: Served) -> None:
    answer = served.answer(post(CHUNKED, (b"10\r\n" + b"x" * 16 + b"\r\n") * 10_000 + b"0\r\n\r\n"))
    assert json.loads(answer.body)["size"] == 160_000


def test_the_body_is_asked_for_when_the_app_reads_it(served: Served) -> None:
    with served.raw(post(b"Expect: 100-continue\r\nContent-Length: 3\r\n")) as client:
        assert read_answer(client).status == 100
        client.sendall(b"abc")
        assert json.loads(read_answer(client).body)["size"] == 3
    assert served.answer(post(b"Expect: 100-continue\r\nContent-Length: 3\r\n", path=b"/refuse")).status == 401


def test_requests_that_do_not_wait_for_answers_have_a_limit(served: Served) -> None:
    one = GET + HOST + b"\r\n"
    with served.raw(one * 10) as client:
        answers = client.makefile("rb")
        data = b""
        while data.count(b"HTTP/1.1 200") < 10:
            data += answers.read1(65536)
    with served.raw(one * 2000) as client:
        data = b""
        while more := client.recv(65536):
            data += more
    assert 1 <= data.count(b"HTTP/1.1 200") <= 17
    assert served.seen.codes["too_many_pipelined"]


def test_garbage_after_a_request_does_not_get_into_its_answer(served: Served) -> None:
    with served.raw(b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n") as client:
        assert b"data: x" in _until(client, b"data: x")
        client.sendall(b"\x00garbage\r\n\r\n")
        assert b"HTTP/1.1" not in _until(client, b"data: x")


def _until(client: socket.socket, what: bytes) -> bytes:
    data = b""
    while what not in data:
        more = client.recv(65536)
        assert more
        data += more
    return data
