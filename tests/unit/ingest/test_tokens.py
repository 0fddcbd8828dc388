"""Upload tokens."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from pydantic import SecretStr

from ingest.refusals import Refused
from ingest.tokens import read_token

SECRET = SecretStr("a secret that is long enough, " * 3)
CLAIMS: dict[str, Any] = {
    "aud": "tablewatch-upload",
    "exp": datetime(2100, 1, 1, tzinfo=UTC),
    "video_id": "vid_1",
    "run_id": "run_1",
    "site_id": "site_1",
    "camera_id": "cam_1",
    "layout_key": "layouts/site_1/cam_1/1.json",
    "manifest_key": "manifests/site_1/run_1.json",
    "sampling": {"mode": "cadence", "every_ms": 1000},
    "make": ["frames", "tables"],
    "started_at": "2026-11-01T12:00:00.000Z",
    "max_bytes": 100,
    "max_duration_ms": 1000,
}


def bearer(secret: str = SECRET.get_secret_value(), algorithm: str = "HS256", **changes: Any) -> str:
    return "Bearer " + jwt.encode(CLAIMS | changes, secret, algorithm)


def code_of(authorization: str | None) -> str:
    with pytest.raises(Refused) as refused:
        read_token(authorization, SECRET)
    return refused.value.refusal.code


def test_claims_are_read() -> None:
    token = read_token(bearer(), SECRET)
    assert (token.video_id, token.camera_id, token.make) == ("vid_1", "cam_1", ["frames", "tables"])
    assert token.started_at == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert token.sampling == {"mode": "cadence", "every_ms": 1000}


def test_what_may_be_missing() -> None:
    token = read_token(bearer(camera_id=None, layout_key=None, started_at=None, sampling={"mode": "all"}), SECRET)
    assert (token.camera_id, token.layout_key, token.started_at) == (None, None, None)
    assert token.sampling == {"mode": "all", "every_ms": None}


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Bearer", "Bearer "])
def test_no_token(authorization: str | None) -> None:
    assert code_of(authorization) == "token_missing"


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "another secret that is long enough!!!!!"},
        {"algorithm": "HS512"},
        {"aud": "tablewatch-session"},
        {"video_id": "../x"},
        {"video_id": ""},
        {"video_id": 7},
        {"sampling": None},
        {"max_bytes": "many"},
        {"started_at": "noon"},
        {"make": None},
    ],
)
def test_bad_tokens(changes: dict[str, Any]) -> None:
    assert code_of(bearer(**changes)) == "token_invalid"


def test_an_unsigned_token_is_no_token() -> None:
    assert code_of("Bearer " + jwt.encode(CLAIMS, "", "none")) == "token_invalid"


def test_an_old_token() -> None:
    assert code_of(bearer(exp=datetime.now(UTC) - timedelta(seconds=1))) == "token_expired"


def test_a_token_that_was_good_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    token, end = bearer(exp=datetime.now(UTC) + timedelta(hours=1)), time.time() + 3601
    assert read_token(token, SECRET) == read_token(token, SECRET)
    monkeypatch.setattr(time, "time", lambda: end)
    assert code_of(token) == "token_expired"


def test_a_token_is_good_for_the_secret_that_signed_it_alone() -> None:
    token = bearer()
    assert read_token(token, SECRET)
    with pytest.raises(Refused, match="token_invalid"):
        read_token(token, SecretStr("the secret after the old one was withdrawn"))
