"""The application: routes, tokens, CORS."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from pydantic import SecretStr

from ingest.door import Door
from ingest.http import parts, plain, tus
from ingest.http.problems import UNAVAILABLE, on_refused, on_unavailable
from ingest.parts import PartsDoor
from ingest.refusals import Refused
from ingest.tokens import UploadToken, read_token

_EXPOSED = [
    *("Location", "Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Expires", "Upload-Metadata"),
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm", "Retry-After"),
]

router = APIRouter(prefix=tus.BASE)


def make_app(door: Door, secret: SecretStr, origins: Sequence[str], parts_door: PartsDoor | None = None) -> FastAPI:
    """The application on an open door; `secret` is that of the upload tokens, `parts_door` there when storage is S3."""
    app = FastAPI(title="tablewatch ingest", version="1", docs_url=None, redoc_url=None)
    app.state.door, app.state.secret, app.state.parts = door, secret, parts_door
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=600,
    )
    app.add_exception_handler(Refused, on_refused)
    for unavailable in UNAVAILABLE:
        app.add_exception_handler(unavailable, on_unavailable)
    # The one request that comes by the thousand: first, and without FastAPI's way to a door and a token
    app.add_route(f"{tus.BASE}/{{video_id}}", append, methods=["PATCH"])
    app.include_router(router)
    return app


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


async def _parts(request: Request) -> PartsDoor:
    found: PartsDoor | None = request.app.state.parts
    if found is None:
        raise Refused("parts_unsupported")
    return found


async def _any_token(request: Request) -> UploadToken:
    return read_token(request.headers.get("authorization"), request.app.state.secret)


async def _own_token(video_id: str, token: Annotated[UploadToken, Depends(_any_token)]) -> UploadToken:
    if token.video_id != video_id:
        raise Refused("token_mismatch")
    return token


OpenParts = Annotated[PartsDoor, Depends(_parts)]
OpenDoor = Annotated[Door, Depends(_door)]
AnyToken = Annotated[UploadToken, Depends(_any_token)]
OwnToken = Annotated[UploadToken, Depends(_own_token)]


@router.options("", status_code=204)
@router.options("/{video_id}", status_code=204)
async def describe() -> Response:
    """What this tus server can do."""
    return tus.describe()


@router.post("", status_code=201)
async def create(request: Request, door: OpenDoor, token: AnyToken) -> Response:
    """tus creation: begin the upload that the token names."""
    return await tus.create(door, request, token)


@router.head("/{video_id}")
async def look(request: Request, door: OpenDoor, token: OwnToken) -> Response:
    """tus: where the upload stands."""
    return await tus.look(door, request, token.video_id)


async def append(request: Request) -> Response:
    """tus: add bytes at the offset."""
    token = await _own_token(request.path_params["video_id"], await _any_token(request))
    return await tus.append(await _door(request), request, token.video_id)


@router.delete("/{video_id}", status_code=204)
async def terminate(request: Request, door: OpenDoor, token: OwnToken) -> Response:
    """tus termination: end the upload and drop its bytes."""
    return await tus.terminate(door, request, token.video_id)


@router.get("/{video_id}")
async def status(door: OpenDoor, token: OwnToken) -> Response:
    """Where the upload stands, as JSON."""
    return await plain.status(door, token.video_id)


@router.post("/{video_id}/content", status_code=201)
@router.put("/{video_id}/content", status_code=201)
async def content(request: Request, door: OpenDoor, token: OwnToken) -> Response:
    """The whole file as the body of one request."""
    return await plain.content(door, request, token)


@router.post("/{video_id}/parts", status_code=201)
async def create_parts(request: Request, token: OwnToken, door: OpenParts) -> Response:
    """Begin an upload in parts, straight to the bucket."""
    return await parts.create(door, request, token)


@router.get("/{video_id}/parts")
async def list_parts(request: Request, token: OwnToken, door: OpenParts) -> Response:
    """The parts that are there."""
    return await parts.listed(door, request, token)


@router.post("/{video_id}/parts/sign")
async def sign_parts(request: Request, token: OwnToken, door: OpenParts) -> Response:
    """Links to PUT parts to."""
    return await parts.sign(door, request, token)


@router.post("/{video_id}/parts/complete", status_code=201)
async def complete_parts(request: Request, token: OwnToken, door: OpenParts, whole: OpenDoor) -> Response:
    """Put the parts together and examine the file."""
    return await parts.complete(door, whole, request, token)


@router.delete("/{video_id}/parts", status_code=204)
async def abort_parts(request: Request, token: OwnToken, door: OpenParts) -> Response:
    """End the upload and drop its parts."""
    return await parts.end(door, request, token)
