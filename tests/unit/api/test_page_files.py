"""The files of the web page: the smallest form that a browser takes, and never asked for again."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from api.http.pages import PageFiles, codings

FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Asks for the files of a page: a script in three forms, a small one in one, and an icon."""
    assets = tmp_path / "assets"
    assets.mkdir()
    for name in ("a-1.js", "a-1.js.br", "a-1.js.gz", "b-1.js"):
        (assets / name).write_text(name)
    (tmp_path / "icon.svg").write_text("<svg/>")
    page = Starlette(routes=[Mount("/", PageFiles(directory=tmp_path))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(page), base_url="http://page") as client:
        yield client


async def raw(client: httpx.AsyncClient, path: str, accepted: str) -> tuple[str, httpx.Headers]:
    """The body as it was sent, and the headers."""
    async with client.stream("GET", path, headers={"Accept-Encoding": accepted}) as response:
        return b"".join([part async for part in response.aiter_raw()]).decode(), response.headers


@pytest.mark.parametrize(
    ("accepted", "sent", "coding"),
    [("gzip, deflate, br, zstd", "a-1.js.br", "br"), ("gzip", "a-1.js.gz", "gzip"), ("identity", "a-1.js", None)],
)
async def test_a_script_comes_as_the_browser_takes_it(
    browser: httpx.AsyncClient, accepted: str, sent: str, coding: str | None
) -> None:
    body, headers = await raw(browser, "/assets/a-1.js", accepted)
    assert (body, headers.get("content-encoding")) == (sent, coding)
    assert (headers["cache-control"], headers["vary"]) == (FOREVER, "Accept-Encoding")
    assert "javascript" in headers["content-type"]


async def test_what_was_not_compressed_comes_as_it_is(browser: httpx.AsyncClient) -> None:
    body, headers = await raw(browser, "/assets/b-1.js", "br")
    assert (body, "content-encoding" in headers, headers["cache-control"]) == ("b-1.js", False, FOREVER)


async def test_what_keeps_its_name_is_asked_for_again(browser: httpx.AsyncClient) -> None:
    assert "cache-control" not in (await browser.get("/icon.svg")).headers


async def test_a_file_that_is_gone_is_not_kept_as_gone(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/assets/a-0.js")
    assert (answer.status_code, "cache-control" in answer.headers) == (404, False)


@pytest.mark.parametrize("name", ["x" * 300 + ".js", "%00.js"])
async def test_a_name_that_no_file_can_have_is_a_file_that_is_gone(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.get(f"/assets/{name}", headers={"Accept-Encoding": "br"})
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [("", []), ("br;q=0, gzip;q=0.5", ["gzip"]), ("GZIP , BR; q=1.0", ["br", "gzip"]), ("br;q=0.000", []), ("*", [])],
)
def test_codings_that_are_refused_are_not_sent(accepted: str, expected: list[str]) -> None:
    assert codings(accepted) == expected
