"""Objects of the local store, by signed link: the signature replaces a key."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from api.http.authentication import address_guard
from api.http.dependencies import Deps
from api.http.documents.common import NumberText
from api.http.errors import PreconditionFailed
from api.http.routes import Route
from api.model.conditions import Outcome, Validators, evaluate, wants_range
from api.model.errors import LinkExpired, LinkInvalid, ObjectGone
from api.model.ranges import Span, read_range
from objects.links import BadLink
from objects.store import BadKey, Gone, ObjectInfo, ObjectStore
from tablewatch_schemas.foreign import read_number

router = APIRouter(prefix="/v1/objects", tags=["objects"], route_class=Route)

CHUNK = 256 * 1024
TYPES = {"jpg": "image/jpeg", "png": "image/png", "json": "application/json", "mp4": "video/mp4"}
_KINDS = ("application/octet-stream", *TYPES.values())
_BYTES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _KINDS}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole, or the part that the link opens", "content": _BYTES},
    206: {"description": "The range that was asked for", "content": _BYTES},
    304: {"description": "It is what If-None-Match or If-Modified-Since names"},
}
PART_TYPE = "image/jpeg"  # parts are crops

Expires = Annotated[NumberText, Query(ge=0, le=2**53)]
Signature = Annotated[str, Query(max_length=200)]
FileName = Annotated[str | None, Query(max_length=500)]
Part = Annotated[
    str | None, Query(pattern="^[0-9]{1,12}-[0-9]{1,12}$", description="offset-length: the link opens these bytes only")
]
RangeHeader = Annotated[str | None, Header(alias="Range")]


@router.head("/{key:path}", response_class=Response, include_in_schema=False)
@router.get("/{key:path}", response_class=Response, responses=ANSWERS)
async def get_object(
    key: str, request: Request, deps: Deps, expires: Expires, signature: Signature, filename: FileName = None,
    part: Part = None, range_header: RangeHeader = None,
) -> Any:  # fmt: skip
    """The bytes that a link opens, whole or a range of them; 304 where a condition says that they are known."""
    _check(request, deps, key, expires, signature, filename, part)
    info = await _stat(deps.objects, key)
    whole, now = _span(part, info.size), deps.clock.now()
    validators = _validators(info, whole)
    headers = _headers(validators, filename, expires - int(now.timestamp()))
    conditions = {name: ", ".join(request.headers.getlist(name)) for name in request.headers}
    outcome = evaluate(conditions, validators)
    if outcome is Outcome.FAILED:
        raise PreconditionFailed("It is not the version that the request names.", headers={"ETag": validators.tag})
    if outcome is Outcome.NOT_MODIFIED:
        return Response(status_code=304, headers=headers)
    ranged = request.method == "GET" and wants_range(conditions, validators, now)  # RFC 9110, 14.2: of no other method
    span = read_range(range_header, whole.length) if ranged else None
    if span is not None:
        headers["Content-Range"] = f"bytes {span.offset}-{span.offset + span.length - 1}/{whole.length}"
    within = span or Span(0, whole.length)
    headers["Content-Length"] = str(within.length)
    sent = Span(whole.offset + within.offset, within.length)
    kind = PART_TYPE if part else TYPES.get(key.rpartition(".")[2])
    return StreamingResponse(_bytes(deps.objects, key, sent), 206 if span else 200, headers, kind)


def _span(part: str | None, size: int) -> Span:
    """The bytes that the link opens. Raises ObjectGone when the object is shorter."""
    if part is None:
        return Span(0, size)
    offset, length = map(read_number, part.split("-"))
    if offset + length > size:
        raise ObjectGone("The object is shorter than the link says.")
    return Span(offset, length)


def _check(
    request: Request, deps: Deps, key: str, expires: int, signature: str, filename: str | None, part: str | None
) -> None:
    try:
        deps.signer.verify(key, expires, signature, deps.clock.now().timestamp(), filename, part)
    except BadLink as error:
        if error.code == "link_expired":
            raise LinkExpired("Request a new link where this one came from.") from error
        address_guard(request).bad_link(request)
        raise LinkInvalid("The link was changed or was not made by this API.") from error


async def _stat(objects: ObjectStore, key: str) -> ObjectInfo:
    try:
        info = await objects.stat(key)
    except BadKey as error:
        raise LinkInvalid("The key is not that of an object.") from error
    if info is None:
        raise ObjectGone("It was deleted, or its retention is over.")
    return info


def _validators(info: ObjectInfo, whole: Span) -> Validators:
    tag = f'"{whole.offset:x}-{whole.length:x}-{int(info.modified.timestamp() * 1000):x}"'
    return Validators(tag, info.modified)


def _headers(validators: Validators, filename: str | None, seconds_left: int) -> dict[str, str]:
    disposition = "inline" if filename is None else f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={max(seconds_left, 0)}",
        "Content-Disposition": disposition,
        "Cross-Origin-Resource-Policy": "same-site",
        "ETag": validators.tag,
        "Last-Modified": validators.last_modified or "",
    }


async def _bytes(objects: ObjectStore, key: str, span: Span) -> AsyncIterator[bytes]:
    offset, left = span
    while left:
        try:
            chunk = await objects.get_range(key, offset, min(CHUNK, left))
        except Gone:
            return  # deleted meanwhile: the client sees by Content-Length that bytes are missing
        if not chunk:
            return
        yield chunk
        offset, left = offset + len(chunk), left - len(chunk)
