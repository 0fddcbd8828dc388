"""Where a client sees us, behind proxies that cut a prefix off or rewrite Host."""

import pytest

from webserver.forwarded import client_location, public_prefix

PUBLIC = "https://example.com/tablewatch"
PATH = "/v1/sites"


@pytest.mark.parametrize(
    ("headers", "prefix", "location"),
    [
        ({"x-forwarded-prefix": "/tablewatch"}, "/tablewatch", "/tablewatch/v1/sites/site_1"),
        ({"x-forwarded-prefix": "/a/, /b"}, "/a/b", "/a/b/v1/sites/site_1"),
        ({"x-forwarded-prefix": "//evil.test"}, None, "sites/site_1"),
        ({"x-forwarded-prefix": "/"}, "", "/v1/sites/site_1"),
        ({"host": "example.com"}, "/tablewatch", "/tablewatch/v1/sites/site_1"),
        ({"host": "example.com:443"}, "/tablewatch", "/tablewatch/v1/sites/site_1"),
        ({"host": "api:8700", "x-forwarded-host": "example.com"}, "/tablewatch", "/tablewatch/v1/sites/site_1"),
        ({"host": "api:8700"}, None, "sites/site_1"),
        ({"host": "[::1"}, None, "sites/site_1"),
    ],
)
def test_below_a_prefix(headers: dict[str, str], prefix: str | None, location: str) -> None:
    assert public_prefix(PUBLIC, headers) == prefix
    assert client_location("/v1/sites/site_1", PUBLIC, headers, PATH) == location


def test_without_a_prefix_a_location_is_as_it_was() -> None:
    for host in ("example.com", "api:8700"):
        assert client_location("/v1/sites/site_1", "https://example.com", {"host": host}, PATH) == "/v1/sites/site_1"
    assert client_location("https://s3.test/x", PUBLIC, {}, PATH) == "https://s3.test/x"
    assert client_location("/v1/other", PUBLIC, {"host": "api"}, PATH) == "/v1/other"
