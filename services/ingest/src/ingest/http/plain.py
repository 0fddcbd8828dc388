"""One request with the whole file as its body: `curl --data-binary @file` (POST) or `curl -T file` (PUT).

The response waits for the outcome: 201 when stored, 200 when it was stored before, the problem of its refusal, or 202
when admission takes longer than WAIT_S.
"""

import orjson
from fastapi import Request, Response

from ingest.admission.sniff import HEAD_BYTES
from ingest.borrowed_body import Chunks, borrowed_body
from ingest.http.extensions import is_form, refuse_encoded, refuse_part_of_file, refuse_wrapped
from ingest.http.headers import content_length
from ingest.refusals import ContentTypeUnsupported
from ingest.store.uploads import Upload
from ingest.tokens import UploadToken
from ingest.upload.service import UploadService

WAIT_S = 60.0


async def content(service: UploadService, request: Request, token: UploadToken) -> Response:
    """POST or PUT of all bytes. Repeated, it starts from nothing; after the outcome it returns the outcome."""
    refuse_part_of_file(request.headers)
    refuse_wrapped(request.headers)
    refuse_encoded(request.headers)
    upload = await service.begin(token, content_length(request.headers), "")
    if upload.status == "stored":
        return _document(200, upload, upload.size_bytes)
    if upload.status == "receiving":
        await service.receive_whole(upload, _no_form(request))
    return outcome(await service.wait_for_outcome(token.video_id, WAIT_S))


async def _no_form(request: Request) -> Chunks:
    """The body. Raises ContentTypeUnsupported where it begins as a form does."""
    begun = False
    async for chunk in borrowed_body(request):
        if not begun and len(chunk) and is_form(request.headers, bytes(chunk[:HEAD_BYTES])):
            raise ContentTypeUnsupported
        begun = begun or len(chunk) > 0
        yield chunk


def outcome(upload: Upload) -> Response:
    """201 when the upload is stored, else 202."""
    return _document(201 if upload.status == "stored" else 202, upload, upload.size_bytes)


async def status(service: UploadService, video_id: str) -> Response:
    """GET: status and offset as JSON, or the problem of the refusal."""
    upload = await service.find(video_id)
    return _document(200, upload, service.offset(upload))


def _document(status: int, upload: Upload, offset: int | None) -> Response:
    body = {
        "video_id": upload.video_id,
        "run_id": upload.run.run_id,
        "status": upload.status,
        "offset": offset,
        "length": upload.length,
        "sha256": upload.sha256,
    }
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
