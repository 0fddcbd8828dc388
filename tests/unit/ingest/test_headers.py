"""Headers of tus."""

import base64
import hashlib
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.http import headers
from ingest.refusals import Refusal


def test_length_is_said_or_deferred() -> None:
    assert headers.declared_length({"upload-length": "17"}) == 17
    assert headers.declared_length({"upload-defer-length": "1"}) is None


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"upload-length": "1", "upload-defer-length": "1"},
        {"upload-defer-length": "0"},
        {"upload-length": "-1"},
        {"upload-length": "1.5"},
        {"upload-length": " "},
        {"upload-length": "٣"},
        {"upload-length": "9" * 30},
        {"upload-length": str((1 << 53) + 1)},
        {"upload-length": "0" * 5000},
        {"upload-length": "0" * 20 + "9" * 30},
        {"upload-length": "9" * 5000},
    ],
)
def test_lengths_that_are_none(bad: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        headers.declared_length(bad)
    assert refused.value.code == "header_invalid"


@given(st.text() | st.from_regex(r"0*[0-9]*"))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        assert 0 <= headers.number(text, "X") <= headers.MAX_LENGTH
    except Refusal as refused:
        assert refused.status == 400


def test_the_version_is_required() -> None:
    headers.check_version({"tus-resumable": "1.0.0"})
    for bad in ({}, {"tus-resumable": "0.2.2"}):
        with pytest.raises(Refusal) as refused:
            headers.check_version(bad)
        assert refused.value.headers == {"Tus-Version": "1.0.0"}


@pytest.mark.parametrize("text", ["", "filename w6RiYy5tcDQ=", "a YQ==,b YWI=", "private", "a YQ==, b"])
def test_metadata_is_kept_as_sent(text: str) -> None:
    assert headers.metadata({"upload-metadata": text}) == text


@pytest.mark.parametrize("text", ["a !!!", "ä YQ==", "a " + "A" * 5000, "a YQ==,b %"])
def test_metadata_that_is_none(text: str) -> None:
    with pytest.raises(Refusal):
        headers.metadata({"upload-metadata": text})


@pytest.mark.parametrize("algorithm", headers.ALGORITHMS)
def test_checksums(algorithm: str) -> None:
    body = b"some bytes"
    raw = zlib.crc32(body).to_bytes(4, "big") if algorithm == "crc32" else hashlib.new(algorithm, body).digest()
    checksum = headers.checksum({"upload-checksum": f"{algorithm} {base64.b64encode(raw).decode()}"})
    assert checksum is not None
    assert checksum.matches(body)
    assert not checksum.matches(body + b"!")


@pytest.mark.parametrize(
    ("text", "code"),
    [("md5 YQ==", "checksum_unsupported"), ("", "checksum_unsupported"), ("sha1 ***", "header_invalid")],
)
def test_checksums_that_are_none(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        headers.checksum({"upload-checksum": text})
    assert refused.value.code == code
    assert headers.checksum({}) is None


def test_dates_are_http_dates() -> None:
    assert headers.http_date(datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) == "Mon, 23 Nov 2026 09:00:00 GMT"
