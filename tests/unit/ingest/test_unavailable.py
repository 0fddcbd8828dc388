"""A 503 names the dependency and the cause, and nothing that is the operator's."""

import errno
import json
from typing import Any

import asyncpg
import pytest
from starlette.requests import Request

from dependencies.errors import StoreFull, StoreKeyRefused
from ingest.http.problems import on_unavailable

CASES: list[tuple[Exception, int, str, str, str]] = [
    (StoreKeyRefused("(InvalidAccessKeyId, http://10.0.0.5:9000)"), 503, "not_available", "store", "store_key_refused"),
    (StoreFull("(No space left)"), 507, "disk_full", "store", "store_full"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), 503, "not_available", "database", "database_unreachable"),
    (TimeoutError(), 503, "not_available", "database", "database_unreachable"),
    (asyncpg.InvalidPasswordError("no"), 503, "not_available", "database", "database_refused"),
    (asyncpg.TooManyConnectionsError("no"), 503, "not_available", "database", "database_full"),
    (asyncpg.ReadOnlySQLTransactionError("no"), 503, "not_available", "database", "database_read_only"),
    (OSError(errno.ENOSPC, "No space left"), 507, "disk_full", "uploads", "uploads_full"),
    (OSError(errno.EROFS, "Read-only"), 503, "not_available", "uploads", "uploads_read_only"),
]


@pytest.mark.parametrize(("error", "status", "code", "dependency", "cause"), CASES, ids=lambda value: str(value)[:30])
async def test_what_cannot_be_used_is_named(
    error: Exception, status: int, code: str, dependency: str, cause: str
) -> None:
    response = await on_unavailable(Request({"type": "http"}), error)
    body: dict[str, Any] = json.loads(bytes(response.body))
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert (body["dependency"], body["cause"], body["retryable"]) == (dependency, cause, True)
    assert "10.0.0.5" not in response.body.decode(), "no address of ours"
    assert "S3_" not in response.body.decode(), "no setting of ours"
    assert response.headers["retry-after"] == "2"
