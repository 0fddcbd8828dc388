"""Clients that stop, trickle, do not read, or are too many, over real sockets, on both event loops."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from tests.unit.webserver.raw import HOST, Served, ends, post, read_answer, serving

from webserver import connection, serve
from webserver.addresses import TrustedProxies
from webserver.limits import HttpLimits

GET = b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n"
STREAM = b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n"
NEVER_S = 600.0
PATIENT = HttpLimits(head_s=NEVER_S, body_s=NEVER_S, answer_s=NEVER_S, idle_s=NEVER_S)
Serving = Callable[..., Any]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def with_limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """A server with these limits; all others are never reached."""
    monkeypatch.setattr(serve, "SWEEP_S", 0.02)

    @contextmanager
    def start(**limits: Any) -> Iterator[Served]:
        with serving(request.param, replace(PATIENT, **limits)) as found:
            yield found

    return start


def test_a_head_that_stops_is_answered_408(with_limits: Serving) -> None:
    with with_limits(head_s=0.2) as served:
        answer = served.answer(b"GET /echo HTTP/1.1\r\nHost: ")
        assert (answer.status, answer.code) == (408, "head_timeout")


def test_a_connection_that_says_nothing_is_closed_without_an_answer(with_limits: Serving) -> None:
    with with_limits(head_s=0.2) as served, served.raw() as client:
        assert client.recv(1) == b""


def test_an_idle_connection_is_closed_and_one_that_was_served_may_wait_longer(with_limits: Serving) -> None:
    with with_limits(idle_s=0.2) as served, served.raw(GET) as client:
        assert read_answer(client).status == 200
        assert client.recv(1) == b""
    with with_limits(head_s=0.2) as served, served.raw(GET) as client:
        assert read_answer(client).status == 200
        assert served.answer(b"GET ").status == 408  # so the deadline of a head is over for the idle one, too
        client.sendall(GET)
        assert read_answer(client).status == 200


@pytest.mark.parametrize("head", [b"Content-Length: 5000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_that_stops_is_answered_408_and_the_app_hears_of_it(with_limits: Serving, head: bytes) -> None:
    with with_limits(body_s=0.2) as served:
        answer = served.answer(post(head, b"4\r\nabcd\r\n"))
        assert (answer.status, answer.code) == (408, "body_timeout")
        assert served.seen.disconnected.wait(30)


def test_a_slow_body_that_goes_on_is_taken(with_limits: Serving) -> None:
    with with_limits(body_s=0.5, least_bytes_per_s=1) as served, served.raw(post(b"Content-Length: 150\r\n")) as client:
        for _ in range(150):  # 1.5 s in all
            client.sendall(b"x")
            threading.Event().wait(0.01)
        assert json.loads(read_answer(client).body)["size"] == 150


def test_a_stalled_body_that_nobody_wants_ends_after_its_answer(
    with_limits: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LINGER_SILENT_S", 0.2)
    with with_limits() as served, served.raw(post(b"Content-Length: 5000\r\n", b"abc", b"/refuse")) as client:
        assert read_answer(client).status == 401
        assert client.recv(1) == b""


def test_an_unwanted_body_may_end_and_the_connection_goes_on(with_limits: Serving) -> None:
    with with_limits() as served, served.raw(post(b"Content-Length: 5000\r\n", b"abc", b"/refuse")) as client:
        assert read_answer(client).status == 401
        client.sendall(b"x" * 4997 + GET)
        assert read_answer(client).status == 200


def test_streams_and_slow_applications_have_no_deadline(with_limits: Serving) -> None:
    with with_limits(head_s=0.1, body_s=0.1, answer_s=0.1, idle_s=0.1) as served:
        stream, waiting = served.raw(STREAM), served.raw(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
        received = b""
        while received.count(b"data: x") < 20:  # one every 50 ms
            received += stream.recv(4096)
        served.seen.go_on.set()
        assert json.loads(read_answer(waiting).body) == {"waited": True}
        stream.close()
        waiting.close()


def test_a_client_that_does_not_read_is_dropped(with_limits: Serving) -> None:
    with with_limits(answer_s=0.5) as served, served.raw(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n") as client:
        while not served.seen.codes["answer_timeout"]:
            threading.Event().wait(0.02)
        assert ends(client)


def test_a_client_that_reads_slowly_gets_everything(with_limits: Serving) -> None:
    with with_limits(answer_s=0.5, least_bytes_per_s=1) as served:
        size = 0
        with served.raw(b"GET /large HTTP/1.0\r\n\r\n") as client:
            while more := client.recv(256 * 1024):
                size += len(more)
                threading.Event().wait(0.01)
    assert size > 400 * 65536


def test_a_half_sent_head_makes_room_and_streams_do_not(with_limits: Serving) -> None:
    with with_limits(connections_per_address=5) as served, ExitStack() as held:
        streams = [held.enter_context(served.raw(STREAM)) for _ in range(4)]
        assert all(stream.recv(15) for stream in streams)
        half = held.enter_context(served.raw(b"GET / HT"))
        assert served.answer(GET).status == 200
        assert ends(half)
        assert served.seen.codes["idle_evicted"]
        assert all(stream.recv(1) for stream in streams)


def test_an_address_has_so_many_connections_and_hears_why(with_limits: Serving) -> None:
    with with_limits(connections_per_address=3) as served, ExitStack() as held:
        for stream in [held.enter_context(served.raw(STREAM)) for _ in range(3)]:
            assert stream.recv(15)
        answer = served.answer(GET)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "too_many_connections", "1")
        assert served.seen.most == 3


def test_a_server_has_so_many_connections_in_all(with_limits: Serving) -> None:
    with with_limits(connections=3) as served, ExitStack() as held:
        for stream in [held.enter_context(served.raw(STREAM)) for _ in range(3)]:
            assert stream.recv(15)
        answer = served.answer(GET)
        assert (answer.status, answer.code) == (503, "server_full")


def test_a_connection_that_ends_makes_room(with_limits: Serving) -> None:
    with with_limits(connections_per_address=1) as served:
        for _ in range(20):
            with served.raw(STREAM) as stream:
                assert stream.recv(15)
            while served.seen.open:
                threading.Event().wait(0.01)
        assert served.answer(GET).status == 200


def test_behind_a_trusted_proxy_the_client_counts_and_not_the_proxy(with_limits: Serving) -> None:
    def asked(path: bytes, client: bytes) -> bytes:
        return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 9.9.9.9, " + client + b"\r\n\r\n"

    with with_limits(connections_per_address=2, proxies=TrustedProxies("127.0.0.0/8")) as served, ExitStack() as held:
        for stream in [held.enter_context(served.raw(asked(b"/stream", b"1.2.3.4"))) for _ in range(2)]:
            assert stream.recv(15)
        assert served.answer(asked(b"/echo", b"1.2.3.4")).code == "too_many_connections"
        answer = served.answer(asked(b"/echo", b"5.6.7.8"))
        assert json.loads(answer.body)["client"] == "5.6.7.8"


def test_without_a_trusted_proxy_nobody_names_another_client(with_limits: Serving) -> None:
    with with_limits() as served:
        forged = GET[:-2] + b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\r\n"
        seen = json.loads(served.answer(forged).body)
        assert (seen["client"], seen["scheme"]) == ("127.0.0.1", "http")


def test_thousands_of_half_sent_heads_keep_nobody_out(with_limits: Serving) -> None:
    with with_limits(connections_per_address=50) as served, ExitStack() as held:
        halves = [held.enter_context(served.raw(b"GET / HTTP/1.1\r\nX: ")) for _ in range(300)]
        assert served.answer(GET).status == 200
        assert served.seen.most <= 50
        assert sum(socket_is_open(half) for half in halves) <= 50


def socket_is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(4096) != b"" and not ends_soon(client)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def ends_soon(client: socket.socket) -> bool:
    client.setblocking(True)
    client.settimeout(30)
    return ends(client)
