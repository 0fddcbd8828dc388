"""Whatever stands in a header or body of a request to ingest, the answer is never an error of the server."""

import base64

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.support.properties import examples
from tests.support.wire import VALUES, status_of

HEADERS = (
    "Content-Length", "Upload-Length", "Upload-Offset", "Upload-Defer-Length", "Upload-Checksum", "Upload-Metadata",
    "Tus-Resumable", "Content-Type", "Authorization", "traceparent", "Range", "Expect", "Origin",
)  # fmt: skip
WAIT_S = 2.0  # for a server that waits for a longer body
REQUESTS = (("POST", ""), ("HEAD", "/{}"), ("PATCH", "/{}"), ("GET", "/{}"), ("DELETE", "/{}"), ("PUT", "/{}/content"))


@pytest.mark.parametrize("header", ["Upload-Length", "Upload-Offset", "Content-Length"])
@pytest.mark.parametrize("number", ["0" * 20 + "9" * 30, "0" * 5000, "9" * 5000, str(2**63), "-1", "1_0", "\xb2"])
def test_a_number_that_is_none_is_a_bad_request(ingest: Ingest, header: str, number: str) -> None:
    token = claims()
    sent = {
        "Authorization": f"Bearer {token_of(token)}", "Tus-Resumable": "1.0.0", "Upload-Length": "10",
        "Content-Length": "0",
    } | {header: number}  # fmt: skip
    if header != "Upload-Offset":
        assert status_of(ingest.url, "POST", "/v1/uploads", sent) == 400
    del sent["Upload-Length"]
    sent |= {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"} | {header: number}
    assert status_of(ingest.url, "PATCH", f"/v1/uploads/{token['video_id']}", sent) == 400


@examples(150)
@given(st.sampled_from(REQUESTS), st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=3))
def test_no_header_is_an_error_of_the_server(
    ingest: Ingest, request_line: tuple[str, str], headers: dict[str, str]
) -> None:
    token, (method, path) = claims(), request_line
    sent = {
        "Authorization": f"Bearer {token_of(token)}", "Tus-Resumable": "1.0.0", "Upload-Offset": "0",
        "Upload-Length": "5", "Content-Type": "application/offset+octet-stream",
    } | headers  # fmt: skip
    assert status_of(ingest.url, method, "/v1/uploads" + path.format(token["video_id"]), sent, wait_s=WAIT_S) < 500


def test_a_token_whose_header_is_nested_deep_is_no_token(ingest: Ingest) -> None:
    """It is read before the signature can be checked."""
    header = b'{"alg": "HS256", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    forged = base64.urlsafe_b64encode(header).decode().rstrip("=") + ".e30.AAAA"
    answer = httpx.get(f"{ingest.url}/x", headers={"Authorization": f"Bearer {forged}"}, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
