"""Keys, scopes, walls."""

from datetime import UTC, datetime, timedelta

import pytest

from api.model.access import SCOPES, Caller, Scope, adopt, check, check_grant, mint, split
from api.model.errors import ApiError

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _caller(*scopes: str, sites: set[str] | None = None) -> Caller:
    return Caller("key_1", frozenset(scopes), None if sites is None else frozenset(sites))


def test_a_new_key_can_be_told_apart_and_checked() -> None:
    one, other = mint(), mint()
    assert one.text != other.text
    prefix, secret = split(one.text)
    assert prefix == one.prefix
    check(secret, one.secret_hash, None, None, NOW)
    with pytest.raises(ApiError, match="key_invalid"):
        check(secret, other.secret_hash, None, None, NOW)


def test_the_secret_is_not_in_what_is_kept() -> None:
    key = mint()
    assert split(key.text)[1].encode() not in key.secret_hash
    assert adopt(key.text) == key


@pytest.mark.parametrize(
    "text",
    ["", "twk_", "twk_abcdef_short", "xxx_abcdef_" + "0" * 32, "twk_ab_" + "0" * 32, "twk_abcdef_" + "0" * 32 + "\n"],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="form"):
        split(text)


def test_revoked_and_expired() -> None:
    key = mint()
    secret = split(key.text)[1]
    with pytest.raises(ApiError, match="key_invalid"):
        check(secret, key.secret_hash, NOW, None, NOW)
    with pytest.raises(ApiError, match="key_expired"):
        check(secret, key.secret_hash, None, NOW, NOW)
    check(secret, key.secret_hash, None, NOW + timedelta(seconds=1), NOW)


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        ("asset", {"asset"}),
        ("read", {"asset", "read"}),
        ("write", {"asset", "read", "write"}),
        ("upload", {"upload"}),
        ("admin", set(SCOPES)),
        ("future", set()),
    ],
)
def test_what_a_scope_implies(held: str, allowed: set[str]) -> None:
    assert {scope for scope in SCOPES if _caller(held).allows(scope)} == allowed


@pytest.mark.parametrize("scope", SCOPES)
def test_without_scopes_nothing_is_allowed(scope: Scope) -> None:
    with pytest.raises(ApiError, match="scope_missing"):
        _caller().require(scope)


def test_the_wall() -> None:
    assert _caller("read").sees("site_1")
    assert _caller("read").site_list is None
    limited = _caller("read", sites={"site_2", "site_1"})
    assert limited.sees("site_1")
    assert not limited.sees("site_3")
    assert limited.site_list == ["site_1", "site_2"]
    assert _caller("read", sites=set()).site_list == []


def test_nobody_gives_more_than_they_have() -> None:
    limited = _caller("admin", sites={"site_1"})
    check_grant(limited, ["read"], ["site_1"])
    check_grant(_caller("admin"), SCOPES, None)
    for giver, scopes, sites in (
        (limited, ["read"], None),
        (limited, ["read"], ["site_1", "site_2"]),
        (_caller("write"), ["upload"], None),
        (_caller("asset"), ["read"], None),
        (_caller("write"), ["admin"], None),
    ):
        with pytest.raises(ApiError, match="scope_too_wide"):
            check_grant(giver, scopes, sites)
