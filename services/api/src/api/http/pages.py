"""The web page, and pages of the OpenAPI and AsyncAPI documents."""

from asyncio import to_thread
from functools import cache

import orjson
import yaml
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.compute import compute
from api.http.api_page import api_page
from api.http.authentication import caller_of
from api.http.dependencies import dependencies
from api.http.errors import NotFound
from api.http.topics_page import topics_page
from api.model.errors import KeyExpired, KeyInvalid, KeyMissing, OriginRefused
from api.settings import ApiSettings
from tablewatch_schemas import contracts
from webserver.forwarded import public_prefix

VIEWS = ("floor", "cameras", "videos", "hazards", "settings")
"""Addresses of the page: it is served at each of them and below, and shows what the address names."""
HASHED = "assets/"
"""Files whose name changes with what is in them: a browser never asks for one again."""
SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""Of what the build of the page writes beside them, by content coding."""
BASE = '<base href="/"'
"""As it stands in the page: its other addresses are relative to that."""
PLACEHOLDER = "kafka.example.com:9092"
"""Of the address of the brokers, for who has no key."""
HINT = """<!doctype html><html lang="en"><meta charset="utf-8"><base href="/"><title>tablewatch</title>
<h1>tablewatch</h1><p>The api is running. The web page is not built: run <code>make install</code> and load this
again.</p>
<p><a href="docs">The HTTP API</a> · <a href="openapi.json">OpenAPI</a> · <a href="asyncapi">The topics</a> ·
<a href="asyncapi.json">AsyncAPI</a></p>
</html>"""


class PageFiles(StaticFiles):
    """The files of the web page; none while it is not built. What its build compressed is not compressed here."""

    async def check_config(self) -> None:
        """A missing folder is no error: every path in it is a 404."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, of those whose name changes with what is in them the smallest form that the browser takes."""
        if not path.startswith(HASHED):
            return await super().get_response(path, scope)
        coding = await self._coding(path, Headers(scope=scope).get("accept-encoding", ""))
        response = await super().get_response(path + SUFFIXES.get(coding, ""), scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Vary"] = "Accept-Encoding"
        if coding:
            response.headers["Content-Encoding"] = coding
        return response

    async def _coding(self, path: str, accepted: str) -> str:
        """The content coding of the answer; empty: as it is."""
        for coding in codings(accepted):
            try:
                _, found = await to_thread(self.lookup_path, path + SUFFIXES[coding])
            except (OSError, ValueError):  # no name of a file: too long, or with a zero in it
                return ""
            if found is not None:
                return coding
        return ""


def codings(accepted: str) -> list[str]:
    """Content codings of a header Accept-Encoding that the page is built in, the smallest first (RFC 9110, 12.5.3)."""
    offers = [each.replace(" ", "").lower().partition(";q=") for each in accepted.split(",")]
    wanted = {name for name, _, weight in offers if weight.strip("0.") or not weight}
    return [coding for coding in SUFFIXES if coding in wanted]


def mount(app: FastAPI, settings: ApiSettings) -> None:
    """Add the web page at `/` and its views, both documents and their pages, and the files of the web page.

    These may be built later.

    The AsyncAPI document names the brokers as the services are given them, to callers with a key.
    """
    dist = settings.api_web_dist

    async def page(request: Request) -> Response:
        index = dist / "index.html"
        text = await to_thread(index.read_text) if index.is_file() else HINT
        return HTMLResponse(
            based(text, request.scope["raw_path"].decode("latin-1")), headers={"Cache-Control": "no-cache"}
        )

    async def docs(_request: Request) -> Response:
        return HTMLResponse(await compute(lambda: api_page(app.openapi())))

    async def openapi(request: Request) -> Response:
        url = public_prefix(settings.public_url, request.headers) or "/"
        servers = [{"url": url, "description": "Where this document came from"}]
        body = await compute(lambda: orjson.dumps(app.openapi() | {"servers": servers}))
        return Response(body, media_type="application/json")

    async def bootstrap(request: Request) -> str:
        """Where the brokers are, for who may know it: everybody else is shown a placeholder."""
        try:
            await caller_of(request, dependencies(request))
        except (KeyMissing, KeyInvalid, KeyExpired, OriginRefused):
            return PLACEHOLDER
        return settings.kafka_bootstrap

    async def asyncapi(request: Request) -> Response:
        brokers = await bootstrap(request)
        headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
        return Response(
            await compute(lambda: asyncapi_document(brokers)), headers=headers, media_type="application/json"
        )

    async def topics(request: Request) -> Response:
        brokers = await bootstrap(request)
        headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
        return HTMLResponse(await compute(lambda: topics_html(brokers)), headers=headers)

    for path in ("/", "/index.html", *(f"/{view}{below}" for view in VIEWS for below in ("", "/{below:path}"))):
        app.add_route(path, page, methods=["GET"], include_in_schema=False)
    app.add_route("/openapi.json", openapi, methods=["GET"], include_in_schema=False)
    app.add_route("/docs", docs, methods=["GET"], include_in_schema=False)
    app.add_route("/asyncapi", topics, methods=["GET"], include_in_schema=False)
    app.add_route("/asyncapi.json", asyncapi, methods=["GET"], include_in_schema=False)
    app.mount("/", PageFiles(directory=dist, check_dir=False), name="web")


def based(html: str, path: str) -> str:
    """A page with the address that its others are relative to, as seen from `path`: right below any prefix too, that a
    proxy cuts off the path. `path` as it was sent: a slash that is encoded parts nothing in a browser.
    """
    return html.replace(BASE, f'<base href="{"../" * (path.count("/") - 1) or "./"}"', 1)


@cache
def asyncapi_document(bootstrap: str = "") -> bytes:
    """The AsyncAPI document of the installed schemas package, with the brokers of this installation if they are given.

    Raises NotFound when there is none.
    """
    path = contracts.ROOT / "asyncapi.yaml"
    if not path.is_file():
        raise NotFound("The installed schemas package has no AsyncAPI document.")
    document = yaml.safe_load(path.read_text())
    if bootstrap:
        document["servers"] = servers(bootstrap)
    return orjson.dumps(document)


def servers(bootstrap: str) -> dict[str, dict[str, str]]:
    """Server Objects of AsyncAPI 3: one for each broker of `host:port[,host:port]`."""
    hosts = [each.strip() for each in bootstrap.split(",") if each.strip()]
    description = "A bootstrap server of this installation, as its services reach it."
    if bootstrap == PLACEHOLDER:
        description = "Ask for this document with an API key: then it has the bootstrap servers of this installation."
    return {
        f"kafka{number}": {"host": host, "protocol": "kafka", "description": description}
        for number, host in enumerate(hosts, start=1)
    }


@cache
def topics_html(bootstrap: str = "") -> str:
    """The same document as a page, made once. Raises NotFound when there is none."""
    return topics_page(orjson.loads(asyncapi_document(bootstrap)))
