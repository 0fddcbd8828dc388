"""tus 1.0: core, creation (with upload, with deferred length), termination, expiration, checksum.

The response to the last byte is 204 at once, and the file is examined in the background: a client that resumes must not
take a refused file for a failed transfer. The outcome is in `video.uploaded` or `video.rejected`, in the job document
of the api, and in GET on the upload.
"""

import asyncio

from fastapi import Request, Response

from ingest.borrowed_body import Chunks, borrowed_body
from ingest.http import headers
from ingest.http.bodies import held_body
from ingest.http.extensions import media_type, refuse_encoded, refuse_extensions
from ingest.http.headers import Checksum
from ingest.http.location import location
from ingest.refusals import ChecksumMismatch, ChunkTooLarge, ContentTypeUnsupported
from ingest.store.uploads import Upload
from ingest.tokens import UploadToken
from ingest.upload.service import UploadService
from webserver.bodies import HeldBody
from webserver.limits import LARGEST_KEPT_BODY

CONTENT_TYPE = "application/offset+octet-stream"
MAX_CHECKED = LARGEST_KEPT_BODY


def describe() -> Response:
    """OPTIONS: versions and extensions of this server."""
    supported = {
        "Tus-Version": headers.VERSION,
        "Tus-Extension": headers.EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(headers.ALGORITHMS),
    }
    return _response(204, supported)


async def create(service: UploadService, request: Request, token: UploadToken) -> Response:
    """POST: begin the upload of the token, with its first bytes if the body has any."""
    _check(request)
    length = headers.declared_length(request.headers)
    _check_body(request)
    upload = await service.begin(token, length, headers.metadata(request.headers))
    response = {"Location": location(token.create_url, token.video_id, request.headers, request.url.path)}
    if upload.status == "receiving" and (_has_bytes(request) or length == 0):
        offset = await _append(service, request, token.video_id, 0, None)
        response["Upload-Offset"] = str(offset)
    elif _has_bytes(request):
        response["Upload-Offset"] = str(upload.size_bytes)
    return _response(201, response | _expiry(upload))


async def head(service: UploadService, request: Request, video_id: str) -> Response:
    """HEAD: offset and length."""
    headers.check_version(request.headers)
    upload = await service.find(video_id)
    response = {"Upload-Offset": str(service.offset(upload))} | _expiry(upload)
    if upload.length is None:
        response["Upload-Defer-Length"] = "1"
    else:
        response["Upload-Length"] = str(upload.length)
    if upload.metadata:
        response["Upload-Metadata"] = upload.metadata
    return _response(200, response)


async def append(service: UploadService, request: Request, video_id: str) -> Response:
    """PATCH: more bytes at the offset."""
    _check(request)
    offset = headers.number(request.headers.get("upload-offset"), "Upload-Offset")
    text = request.headers.get("upload-length")
    length = None if text is None else headers.number(text, "Upload-Length")
    if not _has_bytes(request):
        upload = await service.find(video_id)
        if upload.status != "receiving" and offset == upload.size_bytes:
            return _response(204, {"Upload-Offset": str(offset)})
    offset = await _append(service, request, video_id, offset, length)
    expires = headers.http_date(service.expiry())
    return _response(204, {"Upload-Offset": str(offset), "Upload-Expires": expires})


async def terminate(service: UploadService, request: Request, video_id: str) -> Response:
    """DELETE: end the upload and delete its bytes."""
    headers.check_version(request.headers)
    await service.terminate(await service.find(video_id))
    return _response(204, {})


async def _append(service: UploadService, request: Request, video_id: str, offset: int, length: int | None) -> int:
    _check_body(request)
    body_length = headers.content_length(request.headers)
    checksum = headers.checksum(request.headers)
    if checksum is None:
        return await service.append(video_id, offset, borrowed_body(request), length, body_length)
    with held_body(request) as held:
        body = await _checked(request, checksum, body_length, held)
        return await service.append(video_id, offset, body, length, body_length)


def _check(request: Request) -> None:
    """Before anything of a request that writes is looked at: the protocol is spoken as it is offered."""
    headers.check_version(request.headers)
    refuse_extensions(request.headers)


def _check_body(request: Request) -> None:
    headers.content_length(request.headers)
    if _has_bytes(request) and media_type(request.headers) != CONTENT_TYPE:
        raise ContentTypeUnsupported
    refuse_encoded(request.headers)


async def _checked(request: Request, checksum: Checksum, body_length: int | None, held: HeldBody) -> Chunks:
    """The whole body after its checksum matched, so that no other byte is ever written."""
    if (body_length or 0) > MAX_CHECKED:
        raise ChunkTooLarge
    held.expect(body_length or 0)
    body = bytearray()
    async for chunk in borrowed_body(request):
        held.take(len(chunk))
        body += chunk
        if len(body) > MAX_CHECKED:
            raise ChunkTooLarge
    if not await asyncio.to_thread(checksum.matches, body):
        raise ChecksumMismatch
    return _one_chunk(memoryview(body))


async def _one_chunk(body: memoryview) -> Chunks:
    yield body


def _has_bytes(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _expiry(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": headers.http_date(upload.expires_at)} if upload.status == "receiving" else {}


def _response(status: int, extra: dict[str, str]) -> Response:
    return Response(
        status_code=status, headers={"Tus-Resumable": headers.VERSION, "Cache-Control": "no-store", **extra}
    )
