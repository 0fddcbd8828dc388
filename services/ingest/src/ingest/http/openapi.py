"""The OpenAPI document of ingest: bodies, headers and answers, which the handlers read and write by hand."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from ingest.http.headers import VERSION
from ingest.http.multipart import NewParts, PartNumbers, SentParts
from ingest.refusals import REFUSALS
from webserver.openapi import Document, declare_errors, tidy

ONE = "/v1/uploads/{video_id}"
_TEXT, _COUNT, _TIME = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "date-time"}
_NULLABLE_COUNT, _NULLABLE_TEXT = {"type": ["integer", "null"]}, {"type": ["string", "null"]}
_TUS = ("Tus-Resumable", "Version of the protocol", True, _TEXT | {"default": VERSION})
_OFFSET = ("Upload-Offset", "Where the bytes begin", True, _COUNT)
_LENGTH = (
    "Upload-Length", "Bytes of the file, those that were announced; or send Upload-Defer-Length", False, _COUNT,
)  # fmt: skip
_CHECKSUM = ("Upload-Checksum", "Algorithm and Base64 of the digest of this body", False, _TEXT)
_HEADERS: Mapping[tuple[str, str], tuple[tuple[str, str, bool, Document], ...]] = {
    ("/v1/uploads", "post"): (
        _TUS, _LENGTH, ("Upload-Defer-Length", "1: the length follows", False, _TEXT),
        ("Upload-Metadata", "key Base64, separated by commas", False, _TEXT), _CHECKSUM,
    ),
    (ONE, "head"): (_TUS,),
    (ONE, "patch"): (_TUS, _OFFSET, _LENGTH, _CHECKSUM),
    (ONE, "delete"): (_TUS,),
}  # fmt: skip
"""Name, description, whether it must be sent, and schema, by operation."""
_RETURNED: Mapping[str, tuple[str, Document]] = {
    "Location": ("Where the upload is", _TEXT),
    "Upload-Offset": ("Bytes that have arrived", _COUNT),
    "Upload-Length": ("Bytes of the file; not there while it is not known", _COUNT),
    "Upload-Defer-Length": ("1 while the length is not known", _TEXT),
    "Upload-Expires": ("Until when it can be resumed, as HTTP writes times", _TEXT),
    "Upload-Metadata": ("As it was given", _TEXT),
    "Tus-Version": ("Versions of the protocol", _TEXT),
    "Tus-Extension": ("Extensions that are offered, separated by commas", _TEXT),
    "Tus-Checksum-Algorithm": ("Algorithms of Upload-Checksum, separated by commas", _TEXT),
}
"""Headers of answers: description and schema."""
_SENT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("/v1/uploads", "options"): ("Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm"),
    (ONE, "options"): ("Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm"),
    ("/v1/uploads", "post"): ("Location", "Upload-Offset", "Upload-Expires"),
    (ONE, "head"): (
        "Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Expires", "Upload-Metadata",
    ),
    (ONE, "patch"): ("Upload-Offset", "Upload-Expires"),
}  # fmt: skip
"""Headers of the answer, by operation."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODIES: Mapping[tuple[str, str], Document] = {
    (ONE, "patch"): {"application/offset+octet-stream": _BINARY},
    (f"{ONE}/content", "post"): {"application/octet-stream": _BINARY},
    (f"{ONE}/content", "put"): {"application/octet-stream": _BINARY},
    **{
        (f"{ONE}/parts{path}", "post"): {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        for path, name in (("", "NewParts"), ("/sign", "PartNumbers"), ("/complete", "SentParts"))
    },
}
_ANSWERS: Mapping[tuple[str, str], tuple[str, str]] = {
    (ONE, "get"): ("200", "Upload"),
    (f"{ONE}/content", "post"): ("201", "Upload"),
    (f"{ONE}/content", "put"): ("201", "Upload"),
    (f"{ONE}/parts", "post"): ("201", "Parts"),
    (f"{ONE}/parts", "get"): ("200", "ArrivedParts"),
    (f"{ONE}/parts/sign", "post"): ("200", "SignedParts"),
    (f"{ONE}/parts/complete", "post"): ("201", "Upload"),
}


def _object(description: str, properties: Document, optional: tuple[str, ...] = ()) -> Document:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "description": description, "properties": properties, "required": required}


def _list_of(name: str) -> Document:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_PARTS = {
    "video_id": _TEXT, "status": _TEXT, "size_bytes": _COUNT, "part_bytes": _COUNT, "part_count": _COUNT,
    "expires_at": _TIME,
}  # fmt: skip
_SCHEMAS: Mapping[str, Document] = {
    "Upload": _object(
        "An upload. status is receiving, received, stored or rejected; sha256 is there once it is stored.",
        {
            "video_id": _TEXT, "run_id": _TEXT, "status": _TEXT, "offset": _NULLABLE_COUNT, "length": _NULLABLE_COUNT,
            "sha256": _NULLABLE_TEXT,
        },
    ),
    "Parts": _object("An upload in parts: all but the last have part_bytes.", _PARTS),
    "ArrivedParts": _object(
        "An upload in parts, and the parts that have arrived.", _PARTS | {"parts": _list_of("ArrivedPart")}
    ),
    "ArrivedPart": _object("A part in the bucket.", {"number": _COUNT, "etag": _TEXT, "size_bytes": _COUNT}),
    "SignedParts": _object("Links to PUT parts to.", {"urls": _list_of("SignedPart"), "expires_in_s": _COUNT}),
    "SignedPart": _object("Where the bytes of one part go.", {"number": _COUNT, "url": _TEXT}),
}  # fmt: skip


def complete_openapi(app: FastAPI) -> None:
    """Make the document one that generators understand, when it is made."""
    of_fastapi = app.openapi
    app.openapi = lambda: app.openapi_schema or _complete(of_fastapi())  # type: ignore[method-assign]


def _complete(document: Document) -> Document:
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"UploadToken": {"type": "http", "scheme": "bearer"}}
    schemas = components.setdefault("schemas", {})
    for body in (NewParts, PartNumbers, SentParts):
        made = body.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= made.pop("$defs", {}) | {body.__name__: made}
    schemas |= _SCHEMAS
    document["paths"][ONE]["patch"] = _append()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _describe(operation, path, method)
    return tidy(declare_errors(document, _codes()))


def _append() -> Document:
    """PATCH is a plain route, which FastAPI does not describe."""
    parameter = {"name": "video_id", "in": "path", "required": True, "schema": _TEXT}
    answer = {"204": {"description": "The bytes are stored; Upload-Offset says where the upload stands"}}
    description = "tus: add bytes at the offset."
    return {"operationId": "append_bytes", "description": description, "parameters": [parameter], "responses": answer}


def _describe(operation: Document, path: str, method: str) -> None:
    which = (path, method)
    operation["tags"] = ["uploads"]
    if method != "options":
        operation["security"] = [{"UploadToken": []}]
    headers: list[Any] = [
        {"name": name, "in": "header", "description": description, "required": required, "schema": schema}
        for name, description, required, schema in _HEADERS.get(which, ())
    ]
    if headers:
        operation["parameters"] = [*operation.get("parameters", ()), *headers]
    if which in _BODIES:
        operation["requestBody"] = {"required": True, "content": _BODIES[which]}
    returned = {
        name: {"description": description, "schema": schema}
        for name, (description, schema) in _RETURNED.items()
        if name in _SENT.get(which, ())
    }
    for answer in operation["responses"].values():
        answer.pop("content", None)
        if returned:
            answer["headers"] = returned
    if which in _ANSWERS:
        status, name = _ANSWERS[which]
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        operation["responses"][status]["content"] = content
        if name == "Upload":
            others = {"200": "It was stored before", "202": "It has arrived, and is still examined"}
            more = {code: {"description": text, "content": content} for code, text in others.items()}
            operation["responses"] |= more if method != "get" else {}


def _codes() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for refusal in REFUSALS.values():
        found.setdefault(refusal.status, []).append(refusal.code)
    return found
