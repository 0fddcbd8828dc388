"""Link Objects of the OpenAPI document (OpenAPI 3.1): which operations take an id that a response has."""

import re
from typing import Any

Document = dict[str, Any]

CREATED = {
    "/v1/sites": "site_id",
    "/v1/sites/{site_id}/sections": "section_id",
    "/v1/cameras": "camera_id",
    "/v1/probes": "probe_id",
    "/v1/discoveries": "discovery_id",
    "/v1/cameras/{camera_id}/dry-runs": "dry_run_id",
    "/v1/videos": "video_id",
    "/v1/keys": "key_id",
}
"""By path of a POST that creates something: the field with its id."""
METHODS = ("get", "put", "post", "delete", "patch")


def add_links(document: Document) -> Document:
    """Add links to the responses that create or show something with an id; changes and returns the document."""
    for path, name in CREATED.items():
        one = f"{path}/{{{name}}}"
        responses = document["paths"][path]["post"]["responses"]
        created = responses["201"] if "201" in responses else responses["202"]
        created["links"] = _links(document, one, {each: f"$response.body#/{each}" for each in _names(one)})
        shown = document["paths"][one].get("get")
        if shown is not None:
            shown["responses"]["200"]["links"] = _links(
                document, one, {each: f"$request.path.{each}" for each in _names(one)}
            )
    return document


def _links(document: Document, one: str, known: dict[str, str]) -> Document:
    """By operation id: a link to each operation at or below `one` whose path parameters are all known."""
    below = {path: methods for path, methods in document["paths"].items() if path == one or path.startswith(f"{one}/")}
    return {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {each: known[each] for each in _names(path)} | _if_match(operation, path == one),
        }
        for path, methods in below.items()
        if _names(path) <= known.keys()
        for method, operation in methods.items()
        if method in METHODS
    }


def _if_match(operation: Document, itself: bool) -> dict[str, str]:
    """The ETag of the response, where the operation takes an If-Match for the same resource."""
    takes = any(each["name"] == "If-Match" for each in operation.get("parameters", ()))
    return {"header.If-Match": "$response.header.ETag"} if itself and takes else {}


def _names(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", path))
