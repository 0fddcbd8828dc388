"""`ETag` and `If-None-Match` on documents: who polls is told in one line that nothing changed."""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.http.errors import PreconditionFailed
from api.model.conditions import Outcome, Validators, evaluate

JSON = "application/json"
PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "ETag of an earlier answer: 304 without a body while the document is the same.",
}
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Validator of the document, for If-None-Match"}}


def conditional(request: Request, response: Response) -> Response:
    """The response of a GET with its ETag, or 304. Raises PreconditionFailed, by If-Match.

    The tag of a resource that is changed with If-Match is its own; that of every other document is its bytes', so that
    what is computed at the time of the answer (an expired state, a link) changes it too.
    """
    body: Any = getattr(response, "body", None)
    if request.method != "GET" or response.status_code != 200 or response.media_type != JSON or body is None:
        return response
    tag = response.headers.setdefault("ETag", f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')
    response.headers.setdefault("Cache-Control", "private, no-cache")
    conditions = {name: ", ".join(request.headers.getlist(name)) for name in ("if-match", "if-none-match")}
    outcome = evaluate({name: value for name, value in conditions.items() if value}, Validators(tag))
    if outcome is Outcome.FAILED:
        raise PreconditionFailed("It is not the version that the request names.", headers={"ETag": tag})
    if outcome is Outcome.NOT_MODIFIED:
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return Response(status_code=304, headers=kept)
    return response


def declare_conditions(document: dict[str, Any]) -> dict[str, Any]:
    """Say so in the OpenAPI document of every operation that answers with JSON; changes and returns it."""
    for methods in document["paths"].values():
        found = methods.get("get", {}).get("responses", {}).get("200", {})
        if JSON in found.get("content", {}):
            methods["get"].setdefault("parameters", []).append(PARAMETER)
            found["headers"] = found.get("headers", {}) | ETAG
            methods["get"]["responses"]["304"] = {"description": "Nothing changed", "headers": ETAG}
    return document
