"""Links of the OpenAPI document (Link Object of OpenAPI 3.1): which operations take the id that an answer gives."""

import re
from typing import Any

Document = dict[str, Any]

MADE = {
    "/v1/sites": "site_id",
    "/v1/sites/{site_id}/sections": "section_id",
    "/v1/cameras": "camera_id",
    "/v1/videos": "video_id",
    "/v1/keys": "key_id",
}
"""Paths of the POSTs that make something, and what its id is called."""
METHODS = ("get", "put", "post", "delete", "patch")


def link(document: Document) -> Document:
    """Put links on the answers that make or show something with an id; changes the document and returns it."""
    for path, name in MADE.items():
        one = f"{path}/{{{name}}}"
        made = document["paths"][path]["post"]["responses"]["201"]
        made["links"] = _links(document, one, {each: f"$response.body#/{each}" for each in _names(one)})
        shown = document["paths"][one].get("get")
        if shown is not None:
            shown["responses"]["200"]["links"] = _links(
                document, one, {each: f"$request.path.{each}" for each in _names(one)}
            )
    return document


def _links(document: Document, one: str, known: dict[str, str]) -> Document:
    """By operation: a link to each below the path `one` whose parameters in the path are all known."""
    below = {path: methods for path, methods in document["paths"].items() if path == one or path.startswith(f"{one}/")}
    return {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {each: known[each] for each in _names(path)} | _unchanged(operation, path == one),
        }
        for path, methods in below.items()
        if _names(path) <= known.keys()
        for method, operation in methods.items()
        if method in METHODS
    }


def _unchanged(operation: Document, itself: bool) -> dict[str, str]:
    """That nobody changed it meanwhile, where the answer's own ETag says so."""
    takes = any(each["name"] == "If-Match" for each in operation.get("parameters", ()))
    return {"header.If-Match": "$response.header.ETag"} if itself and takes else {}


def _names(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", path))
