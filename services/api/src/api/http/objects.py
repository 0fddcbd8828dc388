"""Objects of the local store, by signed link: the link is the permission."""

from collections.abc import AsyncIterator
from datetime import UTC
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from api.http.parts import Has, Parts
from api.problems import Problem
from api.ranges import Span, read_range
from chassis.links import BadLink
from chassis.objects import BadKey, Gone, ObjectInfo, ObjectStore

router = APIRouter(prefix="/v1/objects", tags=["objects"])

CHUNK = 256 * 1024
TYPES = {"jpg": "image/jpeg", "png": "image/png", "json": "application/json", "mp4": "video/mp4"}
PART_TYPE = "image/jpeg"  # parts are crops

Expires = Annotated[int, Query(ge=0, le=2**53)]
Signature = Annotated[str, Query(max_length=200)]
FileName = Annotated[str | None, Query(max_length=500)]
Part = Annotated[
    str | None, Query(pattern=r"^\d{1,12}-\d{1,12}$", description="offset-length: the link opens these bytes only")
]
RangeHeader = Annotated[str | None, Header(alias="Range")]


@router.head("/{key:path}", response_class=Response, include_in_schema=False)
@router.get("/{key:path}", response_class=Response)
async def get_object(
    key: str, has: Has, expires: Expires, signature: Signature, filename: FileName = None, part: Part = None,
    wanted: RangeHeader = None,
) -> Any:  # fmt: skip
    """The bytes that a link opens, whole or a range of them."""
    _check(has, key, expires, signature, filename, part)
    info = await _stat(has.objects, key)
    opened = _opened(part, info.size)
    span = read_range(wanted, opened.length)
    headers = _headers(info, opened, filename, expires - int(has.clock.now().timestamp()))
    if span is not None:
        headers["Content-Range"] = f"bytes {span.offset}-{span.offset + span.length - 1}/{opened.length}"
    within = span or Span(0, opened.length)
    headers["Content-Length"] = str(within.length)
    sent = Span(opened.offset + within.offset, within.length)
    kind = PART_TYPE if part else TYPES.get(key.rpartition(".")[2])
    return StreamingResponse(_bytes(has.objects, key, sent), 206 if span else 200, headers, kind)


def _opened(part: str | None, size: int) -> Span:
    """The bytes that the link opens. Raises Problem object_gone when the object does not reach so far."""
    if part is None:
        return Span(0, size)
    offset, length = map(int, part.split("-"))
    if offset + length > size:
        raise Problem("object_gone", "The object is shorter than the link says.")
    return Span(offset, length)


def _check(has: Parts, key: str, expires: int, signature: str, filename: str | None, part: str | None) -> None:
    try:
        has.signer.verify(key, expires, signature, has.clock.now().timestamp(), filename, part)
    except BadLink as error:
        if error.code == "link_expired":
            raise Problem("link_expired", "Ask for a new link where this one came from.") from error
        raise Problem("link_invalid", "The link was changed or is none of ours.") from error


async def _stat(objects: ObjectStore, key: str) -> ObjectInfo:
    try:
        info = await objects.stat(key)
    except BadKey as error:
        raise Problem("link_invalid", "That is no object.") from error
    if info is None:
        raise Problem("object_gone", "It was deleted, or its time to be kept is over.")
    return info


def _headers(info: ObjectInfo, opened: Span, filename: str | None, seconds_left: int) -> dict[str, str]:
    disposition = "inline" if filename is None else f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={max(seconds_left, 0)}",
        "Content-Disposition": disposition,
        "Cross-Origin-Resource-Policy": "same-site",
        "ETag": f'"{opened.offset:x}-{opened.length:x}-{int(info.modified.timestamp() * 1000):x}"',
        "Last-Modified": format_datetime(info.modified.astimezone(UTC), usegmt=True),
    }


async def _bytes(objects: ObjectStore, key: str, span: Span) -> AsyncIterator[bytes]:
    offset, left = span
    while left:
        try:
            chunk = await objects.get_range(key, offset, min(CHUNK, left))
        except Gone:
            return  # deleted while it was sent: the length promised says to the client that it is short
        if not chunk:
            return
        yield chunk
        offset, left = offset + len(chunk), left - len(chunk)
