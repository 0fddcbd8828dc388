"""api, ingest and the server before both answer with one document: one shape, one media type, one list of codes."""

import json
from typing import Any
from unittest.mock import Mock

from api.http.problems import codes, problem_response, status_of
from api.model.errors import CameraNotFound
from ingest.http.problems import on_refusal
from ingest.refusals import REFUSALS, UploadUnknown
from webserver.problems import Problem
from webserver.rejections import REJECTIONS, SERVER_FULL

MEMBERS = {"type", "title", "status", "code", "detail", "retryable"}


async def _documents() -> list[tuple[dict[str, Any], str]]:
    """The body and media type of an error of each."""
    of_api, of_ingest = problem_response(CameraNotFound("")), await on_refusal(Mock(), UploadUnknown())
    of_server = dict(SERVER_FULL.headers())[b"content-type"].decode()
    return [
        (json.loads(of_api.body), of_api.headers["content-type"]),
        (json.loads(bytes(of_ingest.body)), of_ingest.headers["content-type"]),
        (json.loads(SERVER_FULL.body()), of_server),
    ]


async def test_an_error_has_one_shape_whoever_answers() -> None:
    for body, media_type in await _documents():
        assert media_type == "application/problem+json"
        assert set(body) == MEMBERS
        assert body["type"] == f"urn:tablewatch:error:{body['code']}"
        assert body["detail"]
        Problem.model_validate(body)
    required = {name for name, field in Problem.model_fields.items() if field.is_required()}
    assert required == MEMBERS


def test_a_code_means_the_same_everywhere() -> None:
    of_api = {error.code: (status_of(error), error.retryable) for error in codes()}
    of_ingest = {code: (refusal.status, refusal.retryable) for code, refusal in REFUSALS.items()}
    of_server = {each.code: (each.status, each.retryable) for each in REJECTIONS}
    for one, other in ((of_api, of_ingest), (of_api, of_server), (of_ingest, of_server)):
        assert {code: one[code] for code in one.keys() & other.keys()} == {
            code: other[code] for code in one.keys() & other.keys()
        }
