"""What a request asks for and ingest does not offer: it is refused, as bytes taken wrongly are a wrong file. Pure."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from ingest.admission.sniff import sniff
from ingest.http.headers import content_length, number
from ingest.refusals import (
    ContentEncodingUnsupported,
    ContentTypeUnsupported,
    ExtensionUnsupported,
    HeaderInvalid,
    PartialBody,
)

_OFFERED: Final = frozenset(
    {"upload-length", "upload-offset", "upload-metadata", "upload-defer-length", "upload-checksum", "upload-expires"}
)
# draft-ietf-httpbis-resumable-upload. Apple's URLSession adds them to every upload: as long as they call the body the
# whole one they change nothing.
_OF_WHOLE_BODIES: Final = {
    "upload-complete": frozenset({"?1"}),
    "upload-incomplete": frozenset({"?0"}),
    "upload-draft-interop-version": None,
}
# Content types of something that wraps the file or describes it; those of files are up to the client
_WRAPPED: Final = re.compile(r"multipart/.*|(.*/|.*\+)json")
_URLENCODED: Final = "application/x-www-form-urlencoded"
_FORM_FIELD: Final = re.compile(rb"[A-Za-z0-9._~%+*\[\]-]{1,200}=")


def refuse_extensions(headers: Mapping[str, str]) -> None:
    """Of a tus request: any Upload- header that is not read here, or comes twice, as one of them would not be. Raises
    ExtensionUnsupported, HeaderInvalid."""
    for name, times in Counter(headers.keys()).items():
        if name.startswith("upload-") and times > 1:
            raise HeaderInvalid(f"{name.title()} is sent more than once.")
        if name.startswith("upload-") and name not in _OFFERED and not _of_whole_body(name, headers[name]):
            raise ExtensionUnsupported(f"{name.title()} is not offered.")
    if any(name.strip().lower() == "upload-checksum" for name in headers.get("trailer", "").split(",")):
        raise ExtensionUnsupported("Send Upload-Checksum before the body: checksum-trailer is not offered.")


def refuse_part_of_file(headers: Mapping[str, str]) -> None:
    """Of a request whose body is to be the whole file. Raises PartialBody, ExtensionUnsupported, HeaderInvalid."""
    if "content-range" in headers:  # RFC 9110, 14.5
        raise PartialBody("Content-Range is not taken.")
    if number(headers.get("upload-offset", "0"), "Upload-Offset"):
        raise PartialBody("Upload-Offset is not 0.")
    length = headers.get("upload-length")
    if length is not None and number(length, "Upload-Length") != content_length(headers):
        raise PartialBody("Upload-Length is not the length of the body.")
    if "upload-checksum" in headers:
        raise ExtensionUnsupported("Upload-Checksum is compared in tus requests only.")
    refuse_extensions(headers)


def refuse_encoded(headers: Mapping[str, str]) -> None:
    """A body that is compressed for the way. Raises ContentEncodingUnsupported."""
    codings = {coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")}
    if codings - {"", "identity"}:
        raise ContentEncodingUnsupported(headers={"Accept-Encoding": "identity"})


def refuse_wrapped(headers: Mapping[str, str]) -> None:
    """A form or JSON where the bytes of a file are expected. Raises ContentTypeUnsupported."""
    if _WRAPPED.fullmatch(media_type(headers)):
        raise ContentTypeUnsupported


def is_form(headers: Mapping[str, str], head: bytes) -> bool:
    """Whether a body that begins with `head` is a URL-encoded form: curl's --data-binary calls a file that as well."""
    return media_type(headers) == _URLENCODED and sniff(head) == "unknown" and _FORM_FIELD.match(head) is not None


def media_type(headers: Mapping[str, str]) -> str:
    """Content-Type without its parameters, in lower case; empty without one."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _of_whole_body(name: str, value: str) -> bool:
    if name not in _OF_WHOLE_BODIES:
        return False
    allowed = _OF_WHOLE_BODIES[name]
    return allowed is None or value.strip() in allowed
