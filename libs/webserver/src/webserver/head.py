"""What the head of a request may be, beyond what llhttp checks as it parses. Pure."""

from collections.abc import Sequence

from webserver.limits import HttpLimits
from webserver.rejections import HEAD_TOO_LARGE, MALFORMED, URL_TOO_LONG, VERSION_UNSUPPORTED, Rejection

Headers = Sequence[tuple[bytes, bytes]]
_MOST_DIGITS = 19
_LINE = 4  # the colon, the space and the end of a header's line


def size(url: bytes, headers: Headers) -> int:
    """Bytes of a head, without method and version."""
    return len(url) + sum(len(name) + len(value) + _LINE for name, value in headers)


def body_length(headers: Headers) -> int:
    """Content-Length of an accepted head; 0 without one."""
    return next((int(value) for name, value in headers if name == b"content-length"), 0)


def too_large(url: bytes, head_bytes: int) -> Rejection:
    """Of a head that is too large: the URL's fault, or that of the headers."""
    return URL_TOO_LONG if 2 * len(url) > head_bytes else HEAD_TOO_LARGE


def rejection(version: str, url: bytes, headers: Headers, limits: HttpLimits, *, upgrade: bool) -> Rejection | None:
    """Why a complete head is not accepted; None where it is. Names of headers are in lower case.

    RFC 9112: section 3.2 one Host, 6.1 only `chunked` and not in HTTP/1.0. An upgrade is never done (RFC 9110 7.8 lets
    a server ignore one), and refused where it has a body: llhttp would read that as the next request.
    """
    if size(url, headers) > limits.head_bytes:
        return too_large(url, limits.head_bytes)
    if len(headers) > limits.headers:
        return HEAD_TOO_LARGE
    if version not in ("1.0", "1.1"):
        return VERSION_UNSUPPORTED
    return None if _framed(version, headers) and not (upgrade and _has_body(headers)) else MALFORMED


def _framed(version: str, headers: Headers) -> bool:
    """Whether everybody who reads the head agrees on whom it is for and where its body ends."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        return False
    if any(name == b"content-length" and len(value.strip()) > _MOST_DIGITS for name, value in headers):
        return False  # llhttp takes any number of leading zeros
    encodings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    return not encodings or (encodings == [b"chunked"] and version == "1.1")


def _has_body(headers: Headers) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" \t0")) for name, value in headers
    )
