"""What ingest does before an upload token is known to be good."""

import socket
import time
from collections.abc import Callable

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.routing import Route
from tests.integration.ingest.process import SECRET, Ingest, claims, token_of

from chassis.clock import SystemClock
from ingest.http.app import make_app, router
from webserver.limits import LARGEST_KEPT_BODY

BODIES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def with_bodies() -> list[tuple[str, str]]:
    """Method and path of every endpoint to which a body may be sent."""
    routes = [each for each in router.routes if isinstance(each, APIRoute)]
    found = {(method, each.path) for each in routes for method in each.methods}
    app = make_app(*(None, SecretStr(SECRET), [], SystemClock(), None, None, None))  # type: ignore[arg-type]
    found |= {(method, each.path) for each in app.routes if isinstance(each, Route) for method in each.methods or ()}
    return sorted((method, path.replace("{video_id}", "vid_1")) for method, path in found if method in BODIES)


def answer_to(port: int, method: str, path: str, more: str) -> tuple[int, bytes]:
    """Status and answer of a request whose body has not all come."""
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nContent-Length: 500000000\r\n{more}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(head.encode() + b"x" * 1000)
        data = b""
        while not data.endswith(b"}"):
            data += client.recv(65536)
    return int(data.split()[1]), data


def test_no_body_is_read_before_its_token_is_known(own_ingest: Callable[..., Ingest]) -> None:
    ingest, endpoints = own_ingest(HTTP_FAILED_KEYS_PER_MINUTE="1000"), with_bodies()
    assert {("POST", "/v1/uploads"), ("PATCH", "/v1/uploads/vid_1")} <= set(endpoints)
    forged = token_of(claims(), "another secret, which is long enough too")
    for method, path in endpoints:
        status, data = answer_to(ingest.port, method, path, "")
        assert status == 401 and b"token_missing" in data, (method, path)
        status, data = answer_to(ingest.port, method, path, f"Authorization: Bearer {forged}\r\n")
        assert status == 401 and b"token_invalid" in data, (method, path)


def test_bodies_that_are_kept_have_a_budget_and_give_it_back(ingest: Ingest) -> None:
    """A site has half of the budget, as much as the largest chunk: with a part of another it does not fit."""

    def begin(site_id: str, length: int) -> socket.socket:
        token = claims(site_id=site_id)
        auth, size = f"Bearer {token_of(token)}", str(LARGEST_KEPT_BODY)
        more = {"Tus-Resumable": "1.0.0", "Authorization": auth}
        assert httpx.post(ingest.url, headers=more | {"Upload-Length": size}).status_code == 201
        client = socket.create_connection(("127.0.0.1", ingest.port), timeout=30)
        client.sendall(
            f"PATCH /v1/uploads/{token['video_id']} HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: {auth}\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
            f"Upload-Checksum: crc32 AAAAAA==\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        return client

    def taken(site_id: str) -> bool:
        with begin(site_id, LARGEST_KEPT_BODY) as client:
            answer = client.recv(65536)
            while not answer.startswith(b"HTTP/1.1 100 ") and (more := client.recv(65536)):
                answer += more
        assert b" 100 " in answer or (b" 503 " in answer and b"too_many_bodies" in answer), answer
        assert b" 100 " in answer or b"retry-after: 1" in answer.lower()
        return b" 100 " in answer

    with begin("site_a", 2_000_000) as half_sent:
        assert b" 100 " in half_sent.recv(65536)
        half_sent.sendall(b"x" * 1_000_000)
        within_30_s(lambda: not taken("site_a"))
        assert taken("site_b")
    within_30_s(lambda: taken("site_a"))


def within_30_s(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("limit", [5])
def test_wrong_tokens_are_limited_and_good_ones_are_not(own_ingest: Callable[..., Ingest], limit: int) -> None:
    ingest = own_ingest(HTTP_FAILED_KEYS_PER_MINUTE=str(limit))
    with httpx.Client(headers={"Tus-Resumable": "1.0.0"}) as client:
        answers = [client.post(ingest.url, headers={"Authorization": f"Bearer x{each}"}) for each in range(limit + 20)]
        assert [each.status_code for each in answers] == [401] * limit + [429] * 20
        assert answers[-1].json()["code"] == "too_many_wrong_tokens"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        good = {"Authorization": f"Bearer {token_of(claims())}", "Upload-Length": "5"}
        assert client.post(ingest.url, headers=good).status_code == 201
    assert "authentication_failed" in ingest.log()
