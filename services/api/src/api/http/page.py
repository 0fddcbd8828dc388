"""The web page, the OpenAPI reader, the AsyncAPI document and its reader."""

from functools import cache
from pathlib import Path

import orjson
import yaml
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from api.http.reference import reference
from api.http.topics_page import topics_page
from api.problems import Problem
from tablewatch_schemas import contracts

HINT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>tablewatch</title>
<h1>tablewatch</h1><p>The api is running. The web page is not built: run <code>make web</code> and load this again.</p>
<p><a href="/docs">The HTTP API</a> · <a href="/openapi.json">OpenAPI</a> · <a href="/asyncapi">The topics</a> ·
<a href="/asyncapi.json">AsyncAPI</a></p>
</html>"""


class PageFiles(StaticFiles):
    """The page's files, or nothing while it is not built."""

    async def check_config(self) -> None:
        """A folder that is not there is no fault: every path in it is a 404."""


def mount(app: FastAPI, dist: Path) -> None:
    """Add `/`, `/docs`, `/asyncapi`, `/asyncapi.json` and the page's files, which may be built while we run."""

    async def front(_request: Request) -> Response:
        index = dist / "index.html"
        if not index.is_file():
            return HTMLResponse(HINT)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    async def docs(_request: Request) -> Response:
        return HTMLResponse(reference(app.openapi()))

    async def asyncapi(_request: Request) -> Response:
        return Response(asyncapi_document(), media_type="application/json")

    async def topics(_request: Request) -> Response:
        return HTMLResponse(topics_html())

    app.add_route("/", front, methods=["GET"], include_in_schema=False)
    app.add_route("/docs", docs, methods=["GET"], include_in_schema=False)
    app.add_route("/asyncapi", topics, methods=["GET"], include_in_schema=False)
    app.add_route("/asyncapi.json", asyncapi, methods=["GET"], include_in_schema=False)
    app.mount("/", PageFiles(directory=dist, check_dir=False), name="web")


@cache
def asyncapi_document() -> bytes:
    """The AsyncAPI document of the topics, as the schemas package brings it. Raises Problem when it is not there."""
    path = contracts.ROOT / "asyncapi.yaml"
    if not path.is_file():
        raise Problem("not_found", "The schemas package that is installed brings no AsyncAPI document.")
    return orjson.dumps(yaml.safe_load(path.read_text()))


@cache
def topics_html() -> str:
    """The same document as a page, made once. Raises Problem when it is not there."""
    return topics_page(orjson.loads(asyncapi_document()))
