"""A 503 of the api names the dependency and the cause, and nothing that is the operator's."""

import asyncpg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.http.problems import add_handlers
from dependencies.errors import BrokerUnreachable, StoreBucketMissing

CASES: list[tuple[Exception, str, str]] = [
    (StoreBucketMissing("(NoSuchBucket, http://10.0.0.5:9000)"), "store", "store_bucket_missing"),
    (BrokerUnreachable("(10.0.0.5:9092)"), "broker", "broker_unreachable"),
    (ConnectionRefusedError("10.0.0.5"), "database", "database_unreachable"),
    (asyncpg.PostgresConnectionError("no"), "database", "database_unreachable"),
    (asyncpg.DiskFullError("no"), "database", "database_full"),
]


@pytest.mark.parametrize(("error", "dependency", "cause"), CASES, ids=lambda value: str(value)[:30])
def test_what_cannot_be_used_is_named(error: Exception, dependency: str, cause: str) -> None:
    app = FastAPI()
    add_handlers(app, [])

    @app.get("/")
    async def fails() -> None:
        raise error

    response = TestClient(app, raise_server_exceptions=False).get("/")
    problem = response.json()
    assert (response.status_code, problem["code"], response.headers["retry-after"]) == (503, "unavailable", "1")
    assert (problem["dependency"], problem["cause"]) == (dependency, cause)
    assert cause in problem["detail"]
    assert "10.0.0.5" not in response.text, "no address of ours"
    assert "S3_" not in response.text, "no setting of ours"
