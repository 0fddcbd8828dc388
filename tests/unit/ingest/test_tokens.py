"""Upload tokens."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from pydantic import SecretStr

from ingest.refusals import Refusal
from ingest.tokens import read_token
from tablewatch_schemas.manifest import Picture, Sampling

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


NOW = datetime(2026, 11, 28, tzinfo=UTC)
# As the api of the first release signed it
OLD = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJ0YWJsZXdhdGNoLXVwbG9hZCIsImV4cCI6NDEwMjQ0NDgwMCwidmlkZW9faWQiOiJ2a"
    "WRfMSIsInJ1bl9pZCI6InJ1bl8xIiwic2l0ZV9pZCI6InNpdGVfMSIsImNhbWVyYV9pZCI6ImNhbV8xIiwibGF5b3V0X2tleSI6ImxheW91dHMvc2l"
    "0ZV8xL2NhbV8xLzEuanNvbiIsIm1hbmlmZXN0X2tleSI6Im1hbmlmZXN0cy9zaXRlXzEvcnVuXzEuanNvbiIsInNhbXBsaW5nIjp7Im1vZGUiOiJjY"
    "WRlbmNlIiwiZXZlcnlfbXMiOjEwMDB9LCJwaWN0dXJlIjp7ImZvcm1hdCI6InBuZyIsInF1YWxpdHkiOm51bGwsImxvbmdfc2lkZSI6NjQwfSwibWF"
    "rZSI6WyJmcmFtZXMiLCJ0YWJsZXMiXSwic3RhcnRlZF9hdCI6IjIwMjYtMTEtMDFUMTI6MDA6MDAuMDAwWiIsIm1heF9ieXRlcyI6MTAwLCJtYXhfZ"
    "HVyYXRpb25fbXMiOjEwMDB9.8FFSbJmdWK12Yr7GiSqdls-aXYN5AiqyPZ4fE-NJprM"
)


def bearer(secret: str = SECRET.get_secret_value(), algorithm: str = "HS256", **changes: Any) -> str:
    """The token as the api signs it."""
    return "Bearer " + jwt.encode(CLAIMS | changes, secret, algorithm)


def code_of(authorization: str | None) -> str:
    with pytest.raises(Refusal) as refused:
        read_token(authorization, SECRET, NOW)
    return refused.value.code


def test_claims_are_read() -> None:
    token = read_token(bearer(), SECRET, NOW)
    assert (token.run.video_id, token.run.camera_id, token.run.make) == ("vid_1", "cam_1", ("frames", "tables"))
    assert token.run.started_at == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert token.run.sampling == Sampling(mode="cadence", every_ms=1000)
    assert (token.run.picture, token.max_bytes, token.max_duration_ms) == (Picture(), 100, 1000)


def test_a_token_of_the_first_release_is_honoured() -> None:
    picture = Picture(format="png", long_side=640)
    assert read_token(f"Bearer {OLD}", SECRET, NOW) == read_token(bearer(picture=asdict(picture)), SECRET, NOW)


def test_other_members_of_the_manifest_are_ignored() -> None:
    more = {"model": None, "thresholds": {"enter_ms": 1}, "created_at": "2026-11-01T12:00:00.000Z", "later": 1}
    assert read_token(bearer(**more), SECRET, NOW) == read_token(bearer(), SECRET, NOW)


def test_what_may_be_missing() -> None:
    run = read_token(
        bearer(camera_id=None, layout_key=None, started_at=None, sampling={"mode": "all"}), SECRET, NOW
    ).run
    assert (run.camera_id, run.layout_key, run.started_at) == (None, None, None)
    assert run.sampling == Sampling(mode="all", every_ms=None)


def test_an_option_that_is_null_or_absent_is_the_default() -> None:
    bare = {name: value for name, value in CLAIMS.items() if name not in ("camera_id", "layout_key", "started_at")}
    run = read_token("Bearer " + jwt.encode(bare | {"picture": None}, SECRET.get_secret_value()), SECRET, NOW).run
    assert (run.camera_id, run.layout_key, run.started_at, run.picture) == (None, None, None, Picture())


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
    assert code_of(bearer(exp=NOW - timedelta(seconds=1))) == "token_expired"


def test_a_token_that_was_good_grows_old() -> None:
    token = bearer(exp=NOW + timedelta(hours=1))
    assert read_token(token, SECRET, NOW) == read_token(token, SECRET, NOW + timedelta(minutes=59))
    with pytest.raises(Refusal, match="token_expired"):
        read_token(token, SECRET, NOW + timedelta(hours=1))


def test_a_token_is_good_for_the_secret_that_signed_it_alone() -> None:
    token = bearer()
    assert read_token(token, SECRET, NOW)
    with pytest.raises(Refusal, match="token_invalid"):
        read_token(token, SecretStr("the secret after the old one was withdrawn"), NOW)
