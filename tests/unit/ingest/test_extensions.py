"""What a request asks for and ingest does not offer, forms, compressed bodies, overridden methods."""

import pytest
from starlette.datastructures import Headers

from ingest.http.extensions import is_form, refuse_encoded, refuse_extensions, refuse_part_of_file, refuse_wrapped
from ingest.http.location import location
from ingest.http.method_override import may_replace
from ingest.refusals import Refusal
from webserver.forwarded import forwarded_prefix, is_path


@pytest.mark.parametrize(
    "headers",
    [
        {"upload-concat": "partial"},
        {"upload-concat": "final;/v1/uploads/a /v1/uploads/b"},
        {"upload-concat": ""},
        {"upload-complete": "?0"},
        {"upload-incomplete": "?1"},
        {"upload-part": "2"},
        {"trailer": "Expires, Upload-Checksum"},
    ],
)
def test_an_extension_that_is_not_offered(headers: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_extensions({"tus-resumable": "1.0.0", "upload-length": "10", **headers})
    assert (refused.value.code, refused.value.status) == ("extension_unsupported", 400)


@pytest.mark.parametrize("name", ["upload-offset", "upload-length", "upload-checksum", "upload-metadata"])
def test_a_header_that_is_sent_twice_is_not_read_once(name: str) -> None:
    headers = Headers(raw=[(name.encode(), b"0"), (name.encode(), b"100")])
    with pytest.raises(Refusal) as refused:
        refuse_extensions(headers)
    assert (refused.value.code, refused.value.final) == ("header_invalid", False)


def test_what_is_offered_and_what_apple_adds_to_every_upload() -> None:
    refuse_extensions({"upload-length": "1", "upload-offset": "0", "upload-metadata": "a", "upload-checksum": "sha1 x"})
    refuse_extensions({"upload-defer-length": "1", "trailer": "Expires", "content-type": "x"})
    for whole in ({"upload-complete": "?1"}, {"upload-incomplete": "?0"}):
        refuse_extensions({"upload-draft-interop-version": "6", **whole})
        refuse_part_of_file({"upload-draft-interop-version": "6", **whole})


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-range": "bytes 0-9/20"}, "partial_body"),
        ({"content-range": "bytes */20"}, "partial_body"),
        ({"upload-offset": "5"}, "partial_body"),
        ({"upload-offset": "x"}, "header_invalid"),
        ({"upload-length": "20", "content-length": "10"}, "partial_body"),
        ({"upload-length": "20"}, "partial_body"),
        ({"upload-checksum": "sha1 AAAA"}, "extension_unsupported"),
        ({"upload-concat": "partial"}, "extension_unsupported"),
        ({"upload-complete": "?0"}, "extension_unsupported"),
    ],
)
def test_a_part_of_a_file_is_not_taken_for_all_of_it(headers: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_part_of_file(headers)
    assert refused.value.code == code
    assert not refused.value.final


def test_headers_that_call_the_body_the_whole_file() -> None:
    refuse_part_of_file({"upload-defer-length": "1"})
    refuse_part_of_file({"upload-length": "10", "content-length": "10", "upload-offset": "0"})


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, zstd", "deflate, gzip", "aws-chunked", "x"])
def test_a_compressed_body(coding: str) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_encoded({"content-encoding": coding})
    assert (refused.value.status, refused.value.code) == (415, "content_encoding_unsupported")
    assert refused.value.headers == {"Accept-Encoding": "identity"}


def test_a_body_as_it_is() -> None:
    for headers in ({}, {"content-encoding": "identity"}, {"content-encoding": ""}):
        refuse_encoded(headers)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "Multipart/Mixed",
        "application/json; charset=utf-8",
        "application/problem+json",
        "text/json",
    ],
)
def test_what_wraps_a_file_is_no_file(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_wrapped({"content-type": kind})
    assert (refused.value.status, refused.value.code) == (415, "content_type_unsupported")


@pytest.mark.parametrize("kind", ["", "video/mp4", "application/octet-stream", "text/vnd.trolltech.linguist"])
def test_the_type_of_a_file_is_up_to_the_client(kind: str) -> None:
    refuse_wrapped({"content-type": kind})


def test_curl_calls_a_file_a_form() -> None:
    curl = {"content-type": "application/x-www-form-urlencoded"}
    assert is_form(curl, b"file=AAAA&name=a.mp4")
    assert is_form(curl, b"file[0]=")
    assert not is_form(curl, b"\x00\x00\x00\x18ftypmp42")
    assert not is_form(curl, b"RIFFabc=AVI LIST")
    assert not is_form(curl, b"\x00file=")
    assert not is_form({"content-type": "video/mp4"}, b"file=AAAA")


def test_a_safe_method_never_counts_as_one_that_changes_something() -> None:
    assert may_replace("POST", "PATCH") and may_replace("POST", "HEAD") and may_replace("PUT", "DELETE")
    assert may_replace("GET", "HEAD")
    assert not may_replace("GET", "DELETE") and not may_replace("OPTIONS", "PATCH") and not may_replace("HEAD", "POST")


@pytest.mark.parametrize(
    ("header", "prefix"),
    [
        ("/upload", "/upload"),
        ("/upload/", "/upload"),
        ("/a, /b/", "/a/b"),
        ("/", ""),
        ("", ""),
        ("/a b", None),
        ("//evil.example", None),
        ("https://evil.example", None),
        ("/a\r\nX: y", None),
        ("/" + "a" * 501, None),
    ],
)
def test_the_prefix_that_a_proxy_cut_off(header: str, prefix: str | None) -> None:
    assert forwarded_prefix({"x-forwarded-prefix": header}) == prefix


def test_without_a_proxy_there_is_no_prefix() -> None:
    assert forwarded_prefix({}) is None
    assert is_path("/upload/v1/uploads") and not is_path("//x") and not is_path("/a?b")


@pytest.mark.parametrize(
    ("create_url", "headers", "found"),
    [
        ("http://127.0.0.1:8701/v1/uploads", {"host": "127.0.0.1:8701"}, "/v1/uploads/vid_1"),
        ("", {"host": "anything"}, "/v1/uploads/vid_1"),  # of a token from before
        ("https://Video.example/upload/v1/uploads", {"host": "video.example"}, "/upload/v1/uploads/vid_1"),
        ("https://video.example/upload/v1/uploads", {"host": "video.example:443"}, "/upload/v1/uploads/vid_1"),
        (
            "https://video.example/upload/v1/uploads",
            {"host": "ingest:8701", "x-forwarded-host": "video.example, inner"},
            "/upload/v1/uploads/vid_1",
        ),
        ("http://127.0.0.1:8701/v1/uploads", {"host": "video.example"}, "uploads/vid_1"),
        ("http://127.0.0.1:8701/v1/uploads", {"host": "video.example:x"}, "uploads/vid_1"),
        ("http://127.0.0.1:8701/v1/uploads", {"host": "[::1"}, "uploads/vid_1"),
        ("http://127.0.0.1:8701/v1/uploads", {"host": "a", "x-forwarded-host": "]["}, "uploads/vid_1"),
        ("http://127.0.0.1:8701/v1/uploads", {}, "uploads/vid_1"),
        ("http://a/v1/uploads", {"host": "b", "x-forwarded-prefix": "/c"}, "/c/v1/uploads/vid_1"),
        ("http://a/v1/uploads", {"host": "b", "x-forwarded-prefix": "//c"}, "uploads/vid_1"),
    ],
)
def test_location(create_url: str, headers: dict[str, str], found: str) -> None:
    assert location(create_url, "vid_1", headers, "/v1/uploads") == found
