"""S3 multipart by signed links: create, sign, list, complete, abort. The bytes go to the bucket, not through here."""

from typing import TypeVar

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, Field, ValidationError

from ingest.door import Door
from ingest.http import plain
from ingest.parts import LINK_S, MOST_PARTS, Named, PartsDoor, part_bytes, part_count
from ingest.refusals import Refused
from ingest.tokens import UploadToken
from ingest.uploads import Upload

MAX_BODY = 2 * 1024 * 1024
Body = TypeVar("Body", bound=BaseModel)


class NewParts(BaseModel):
    """Body of create: the size of the file."""

    size_bytes: int = Field(ge=1)


class Wanted(BaseModel):
    """Body of sign: numbers of parts, from 1."""

    numbers: list[int]


class PartName(BaseModel):
    """A part that was sent: the ETag as the store answered it."""

    number: int
    etag: str


class Finished(BaseModel):
    """Body of complete: every part, in any order."""

    parts: list[PartName] = Field(min_length=1, max_length=MOST_PARTS)


async def create(parts: PartsDoor, request: Request, token: UploadToken) -> Response:
    """POST: begin, or go on with, an upload in parts."""
    asked = await _body(request, NewParts)
    return _json(201, _document(await parts.create(token, asked.size_bytes)))


async def sign(parts: PartsDoor, request: Request, token: UploadToken) -> Response:
    """POST: links to PUT the parts to."""
    asked = await _body(request, Wanted)
    links = await parts.sign(token.video_id, asked.numbers)
    urls = [{"number": number, "url": link} for number, link in zip(asked.numbers, links, strict=True)]
    return _json(200, {"urls": urls, "expires_in_s": LINK_S})


async def listed(parts: PartsDoor, _request: Request, token: UploadToken) -> Response:
    """GET: the parts that are there, to go on after a break."""
    upload, found = await parts.parts(token.video_id)
    there = [{"number": part.number, "etag": part.etag, "size_bytes": part.size} for part in found]
    return _json(200, _document(upload) | {"parts": there})


async def complete(parts: PartsDoor, door: Door, request: Request, token: UploadToken) -> Response:
    """POST: put the parts together; the answer waits for the outcome, as that of a plain upload does."""
    asked = await _body(request, Finished)
    await parts.complete(token.video_id, [Named(part.number, part.etag) for part in asked.parts])
    return plain.outcome(await door.outcome(token.video_id, plain.WAIT_S))


async def end(parts: PartsDoor, _request: Request, token: UploadToken) -> Response:
    """DELETE: abort."""
    await parts.end(token.video_id)
    return Response(status_code=204)


def _document(upload: Upload) -> dict[str, object]:
    length = upload.length or 0
    return {
        "video_id": upload.video_id,
        "status": upload.status,
        "size_bytes": length,
        "part_bytes": part_bytes(length),
        "part_count": part_count(length),
        "expires_at": upload.expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


async def _body(request: Request, kind: type[Body]) -> Body:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise Refused("chunk_too_large", "The list of parts is too long.")
    try:
        return kind.model_validate_json(bytes(raw))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Refused("parts_invalid", f"{place}: {first['msg']}.") from None


def _json(status: int, body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
