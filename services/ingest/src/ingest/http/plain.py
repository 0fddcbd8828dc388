"""One request with the whole file as its body: `curl --data-binary @file` (POST) or `curl -T file` (PUT).

The answer waits for the outcome: 201 when stored, 200 when it was stored before, the refusal's problem otherwise, or
202 when examining takes longer than anybody should wait.
"""

import orjson
from fastapi import Request, Response

from chassis.connection import lent
from ingest.door import Door
from ingest.http.headers import content_length
from ingest.tokens import UploadToken
from ingest.uploads import Upload

WAIT_S = 60.0


async def content(door: Door, request: Request, token: UploadToken) -> Response:
    """POST or PUT of all bytes. A second try starts from nothing; one after the outcome gets the outcome."""
    upload = await door.begin(token, content_length(request.headers), "")
    if upload.status == "stored":
        return _document(200, upload, upload.size_bytes)
    if upload.status == "receiving":
        await door.replace(upload, lent(request))
    return outcome(await door.outcome(token.video_id, WAIT_S))


def outcome(upload: Upload) -> Response:
    """201 when it is stored, 202 when that takes longer."""
    return _document(201 if upload.status == "stored" else 202, upload, upload.size_bytes)


async def status(door: Door, video_id: str) -> Response:
    """GET: where the upload stands, as JSON; a refused one answers with its problem."""
    upload = await door.find(video_id)
    return _document(200, upload, door.offset(upload))


def _document(status: int, upload: Upload, offset: int | None) -> Response:
    body = {
        "video_id": upload.video_id,
        "run_id": upload.run_id,
        "status": upload.status,
        "offset": offset,
        "length": upload.length,
        "sha256": upload.sha256,
    }
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
