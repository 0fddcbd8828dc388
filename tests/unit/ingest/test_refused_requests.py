"""What is no request of ingest's: an unknown path, method or query parameter, as a problem like every other."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from chassis.clock import SystemClock
from ingest.http.app import make_app

ONE = "/v1/uploads/vid_1"
METHODS = {
    "/v1/uploads": ("OPTIONS", "POST"),
    ONE: ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH"),
    f"{ONE}/content": ("POST", "PUT"),
    f"{ONE}/parts": ("DELETE", "GET", "POST"),
    f"{ONE}/parts/sign": ("POST",),
    f"{ONE}/parts/complete": ("POST",),
}


@pytest.fixture
def client() -> httpx.AsyncClient:
    """An ingest without database and disk, as far as a request without a token gets."""
    app = make_app(*(None, SecretStr("x" * 40), [], SystemClock(), None, None, None))  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://ingest.test")


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    return dict(answer.json())


async def test_a_query_parameter_is_refused_by_every_operation(client: httpx.AsyncClient) -> None:
    for path, methods in METHODS.items():
        for method in methods:
            answer = await client.request(method, path, params={"offset": "5"})
            assert answer.status_code == 422, (method, path)
            if method != "HEAD":
                body = problem(answer, 422)
                assert body["code"] == "invalid_request"
                assert body["errors"] == [
                    {"pointer": "/query/offset", "detail": "There is no such parameter", "parameter": "offset"}
                ]


async def test_unknown_paths_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/v1/nothing"), 404)["code"] == "not_found"
    for path, methods in METHODS.items():
        answer = await client.request("TRACE", path)
        assert problem(answer, 405)["code"] == "method_not_allowed"
        assert answer.headers["allow"] == ", ".join(methods)


async def test_an_error_of_ours_is_a_problem_and_says_nothing_of_us(client: httpx.AsyncClient) -> None:
    body = problem(await client.get(ONE, headers={"authorization": "Bearer x.y.z"}), 500)  # there is no wrong_keys
    assert (body["code"], body["retryable"]) == ("internal", True)
    assert "NoneType" not in body["detail"]
