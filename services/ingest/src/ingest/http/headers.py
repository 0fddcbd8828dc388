"""Headers of tus 1.0, parsed and checked. Pure."""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from ingest.refusals import ChecksumUnsupported, HeaderInvalid, TusVersionUnsupported
from tablewatch_schemas.foreign import read_number

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,expiration,checksum"
ALGORITHMS = ("sha1", "sha256", "crc32")
MAX_METADATA = 4096
MAX_LENGTH = 1 << 53


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of one request's body."""

    algorithm: str
    digest: bytes

    def matches(self, body: bytes | bytearray) -> bool:
        """Whether `body` is what was sent."""
        if self.algorithm == "crc32":
            return zlib.crc32(body).to_bytes(4, "big") == self.digest
        return hashlib.new(self.algorithm, body).digest() == self.digest


def check_version(headers: Mapping[str, str]) -> None:
    """Raises TusVersionUnsupported."""
    if headers.get("tus-resumable") != VERSION:
        raise TusVersionUnsupported(headers={"Tus-Version": VERSION})


def declared_length(headers: Mapping[str, str]) -> int | None:
    """Upload-Length, or None when it is deferred. Raises HeaderInvalid when neither is sent."""
    length, deferred = headers.get("upload-length"), headers.get("upload-defer-length")
    if length is not None and deferred is None:
        return number(length, "Upload-Length")
    if length is None and deferred == "1":
        return None
    raise HeaderInvalid("Send either Upload-Length or Upload-Defer-Length: 1.")


def number(text: str | None, name: str) -> int:
    """A header's plain decimal number. Raises HeaderInvalid."""
    if text is None:
        raise HeaderInvalid(f"{name} is missing.")
    try:
        return read_number(text, most=MAX_LENGTH)
    except ValueError as error:
        raise HeaderInvalid(f"{name}: {error}.") from None


def content_length(headers: Mapping[str, str]) -> int | None:
    """Length of this request's body, None when it is sent in chunks. Raises HeaderInvalid."""
    text = headers.get("content-length")
    return None if text is None else number(text, "Content-Length")


def metadata(headers: Mapping[str, str]) -> str:
    """Upload-Metadata as sent: `key base64,key`. Raises HeaderInvalid."""
    text = headers.get("upload-metadata", "").strip()
    if len(text) > MAX_METADATA:
        raise HeaderInvalid(f"Upload-Metadata may be {MAX_METADATA} characters at most.")
    for pair in filter(None, text.split(",")):
        key, _, value = pair.strip().partition(" ")
        if not key.isascii():
            raise HeaderInvalid("Keys of Upload-Metadata must be ASCII.")
        _decoded(value, "Upload-Metadata")
    return text


def checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Upload-Checksum, None when absent. Raises Refusal: header_invalid, checksum_unsupported."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise ChecksumUnsupported
    return Checksum(algorithm, _decoded(value, "Upload-Checksum"))


def http_date(time: datetime) -> str:
    """As in Upload-Expires."""
    return format_datetime(time.astimezone(UTC), usegmt=True)


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise HeaderInvalid(f"{name} must be Base64.") from None
