"""tus 1.0: core, creation (with upload, with deferred length), termination, expiration, checksum.

The last byte is answered with 204 at once, and the file is examined in the background: an uploader that resumes must
not mistake a refused file for a failed transfer. What became of it is told by `video.uploaded` or `video.rejected`,
by the job document of the api, and by GET on the upload.
"""

import asyncio

from fastapi import Request, Response

from chassis.connection import Pieces, lent
from ingest.door import Door
from ingest.http import headers
from ingest.http.headers import Checksum
from ingest.refusals import Refused
from ingest.tokens import UploadToken
from ingest.uploads import Upload

CONTENT_TYPE = "application/offset+octet-stream"
MAX_CHECKED = 64 * 1024 * 1024
BASE = "/v1/uploads"


def describe() -> Response:
    """OPTIONS: what this server can do."""
    can = {
        "Tus-Version": headers.VERSION,
        "Tus-Extension": headers.EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(headers.ALGORITHMS),
    }
    return _answer(204, can)


async def create(door: Door, request: Request, token: UploadToken) -> Response:
    """POST: begin the upload that the token names, maybe with its first bytes."""
    headers.check_version(request.headers)
    length = headers.declared_length(request.headers)
    upload = await door.begin(token, length, headers.metadata(request.headers))
    answer = {"Location": f"{BASE}/{token.video_id}"}
    if upload.status == "receiving" and (_has_bytes(request) or length == 0):
        offset = await _append(door, request, token.video_id, 0, None)
        answer["Upload-Offset"] = str(offset)
    elif _has_bytes(request):
        answer["Upload-Offset"] = str(upload.size_bytes)
    return _answer(201, answer | _expiry(upload))


async def look(door: Door, request: Request, video_id: str) -> Response:
    """HEAD: where the upload stands."""
    headers.check_version(request.headers)
    upload = await door.find(video_id)
    answer = {"Upload-Offset": str(door.offset(upload))} | _expiry(upload)
    if upload.length is None:
        answer["Upload-Defer-Length"] = "1"
    else:
        answer["Upload-Length"] = str(upload.length)
    if upload.metadata:
        answer["Upload-Metadata"] = upload.metadata
    return _answer(200, answer)


async def append(door: Door, request: Request, video_id: str) -> Response:
    """PATCH: more bytes at the offset."""
    headers.check_version(request.headers)
    offset = headers.number(request.headers.get("upload-offset"), "Upload-Offset")
    text = request.headers.get("upload-length")
    length = None if text is None else headers.number(text, "Upload-Length")
    if not _has_bytes(request):
        upload = await door.find(video_id)
        if upload.status != "receiving" and offset == upload.size_bytes:
            return _answer(204, {"Upload-Offset": str(offset)})
    offset = await _append(door, request, video_id, offset, length)
    expires = headers.http_date(door.expiry())
    return _answer(204, {"Upload-Offset": str(offset), "Upload-Expires": expires})


async def terminate(door: Door, request: Request, video_id: str) -> Response:
    """DELETE: end the upload and drop its bytes."""
    headers.check_version(request.headers)
    await door.end(await door.find(video_id))
    return _answer(204, {})


async def _append(door: Door, request: Request, video_id: str, offset: int, length: int | None) -> int:
    if _has_bytes(request) and request.headers.get("content-type") != CONTENT_TYPE:
        raise Refused("content_type_unsupported")
    checksum = headers.checksum(request.headers)
    coming = headers.content_length(request.headers)
    body = lent(request) if checksum is None else await _checked(request, checksum, coming)
    return await door.append(video_id, offset, body, length, coming)


async def _checked(request: Request, checksum: Checksum, coming: int | None) -> Pieces:
    """The whole body, once it matches: nothing that does not is ever written."""
    if (coming or 0) > MAX_CHECKED:
        raise Refused("chunk_too_large")
    body = bytearray()
    async for chunk in lent(request):
        body += chunk
        if len(body) > MAX_CHECKED:
            raise Refused("chunk_too_large")
    if not await asyncio.to_thread(checksum.matches, body):
        raise Refused("checksum_mismatch")
    return _once(memoryview(body))


async def _once(body: memoryview) -> Pieces:
    yield body


def _has_bytes(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _expiry(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": headers.http_date(upload.expires_at)} if upload.status == "receiving" else {}


def _answer(status: int, extra: dict[str, str]) -> Response:
    return Response(
        status_code=status, headers={"Tus-Resumable": headers.VERSION, "Cache-Control": "no-store", **extra}
    )
