"""Multipart uploads by signed links: create, sign, list, complete, abort. The bytes go straight to the bucket."""

import asyncio
from typing import Annotated, TypeVar

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, Field, ValidationError

from ingest.http import headers, plain
from ingest.http.bodies import held_body
from ingest.http.extensions import refuse_encoded
from ingest.http.faults import first_fault
from ingest.http.headers import MAX_LENGTH
from ingest.refusals import ChunkTooLarge, PartsInvalid
from ingest.store.uploads import Upload
from ingest.tokens import UploadToken
from ingest.upload.multipart import (
    LINK_S,
    MOST_PARTS,
    MOST_SIGNED,
    ClientPart,
    MultipartService,
    part_bytes,
    part_count,
)
from ingest.upload.service import UploadService
from tablewatch_schemas import ContractError
from tablewatch_schemas.foreign import read_json
from tablewatch_schemas.times import write_time
from webserver.bodies import HeldBody

MAX_BODY = 2 * 1024 * 1024
"""Bytes of the list of 10,000 sent parts with the longest tags."""
SMALL_BODY = 64 * 1024
MAX_ETAG = 130
Body = TypeVar("Body", bound=BaseModel)
# Up to the first fault: a body of 2 MiB has room for a million, and each costs the event loop
PartNumber = Annotated[int, Field(ge=1, le=MOST_PARTS)]


class NewParts(BaseModel):
    """Body of create."""

    size_bytes: int = Field(
        ge=1, le=MAX_LENGTH, description="Bytes of the file; the same as in POST /v1/videos where they were announced"
    )


class PartNumbers(BaseModel):
    """Body of sign: numbers of parts, from 1."""

    numbers: list[PartNumber] = Field(min_length=1, max_length=MOST_SIGNED, fail_fast=True)


class PartTag(BaseModel):
    """A part that was sent, with the ETag of the store's response."""

    number: PartNumber
    etag: str = Field(max_length=MAX_ETAG)


class SentParts(BaseModel):
    """Body of complete: every part, in any order."""

    parts: list[PartTag] = Field(min_length=1, max_length=MOST_PARTS, fail_fast=True)


async def create(multipart: MultipartService, request: Request, token: UploadToken) -> Response:
    """POST: begin a multipart upload, or resume it."""
    with held_body(request) as held:
        asked = await _body(request, NewParts, SMALL_BODY, held)
        return _json(201, _document(await multipart.create(token, asked.size_bytes)))


async def sign(multipart: MultipartService, request: Request, token: UploadToken) -> Response:
    """POST: links to PUT parts to."""
    with held_body(request) as held:
        asked = await _body(request, PartNumbers, SMALL_BODY, held)
    links = await multipart.sign(token.video_id, asked.numbers)
    urls = [{"number": number, "url": link} for number, link in zip(asked.numbers, links, strict=True)]
    return _json(200, {"urls": urls, "expires_in_s": LINK_S})


async def list_parts(multipart: MultipartService, _request: Request, token: UploadToken) -> Response:
    """GET: the parts that have arrived, to resume from."""
    upload, found = await multipart.parts(token.video_id)
    arrived = [{"number": part.number, "etag": part.etag, "size_bytes": part.size} for part in found]
    return _json(200, _document(upload) | {"parts": arrived})


async def complete(
    multipart: MultipartService, service: UploadService, request: Request, token: UploadToken
) -> Response:
    """POST: make the file of the parts; the response waits for the outcome, as that of a plain upload does."""
    with held_body(request) as held:
        asked = await _body(request, SentParts, MAX_BODY, held)
        await multipart.complete(token.video_id, [ClientPart(part.number, part.etag) for part in asked.parts])
    return plain.outcome(await service.wait_for_outcome(token.video_id, plain.WAIT_S))


async def abort(multipart: MultipartService, _request: Request, token: UploadToken) -> Response:
    """DELETE: abort the upload."""
    await multipart.abort(token.video_id)
    return Response(status_code=204)


def _document(upload: Upload) -> dict[str, object]:
    length = upload.length or 0
    return {
        "video_id": upload.video_id,
        "status": upload.status,
        "size_bytes": length,
        "part_bytes": part_bytes(length),
        "part_count": part_count(length),
        "expires_at": write_time(upload.expires_at),
    }


async def _body(request: Request, kind: type[Body], most: int, held: HeldBody) -> Body:
    refuse_encoded(request.headers)
    declared = headers.content_length(request.headers) or 0
    if declared > most:
        raise ChunkTooLarge(f"At most {most} bytes.")
    held.expect(declared)
    raw = bytearray()
    async for chunk in request.stream():
        held.take(len(chunk))
        raw += chunk
        if len(raw) > most:
            raise ChunkTooLarge(f"At most {most} bytes.")
    # A body may hold 700,000 objects, which take a quarter of a second
    return await asyncio.to_thread(_checked, bytes(raw), kind)


def _checked(raw: bytes, kind: type[Body]) -> Body:
    try:
        # The parser's own limit of depth is enough for a schema; to count to a lower one takes five times as long
        return kind.model_validate(read_json(raw, max_depth=len(raw)))
    except ContractError:
        raise PartsInvalid("The body cannot be read as JSON.") from None
    except ValidationError as error:
        raise PartsInvalid(first_fault(error)) from None


def _json(status: int, body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
