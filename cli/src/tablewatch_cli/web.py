"""HTTP as every command speaks it: a wrong address or setting ends as httpx.HTTPError or BadSetting."""

from __future__ import annotations

import time
from typing import Any, Final

import httpx

from tablewatch_cli.errors import BadSetting

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of an answer, unpacked: a page of a thousand documents has some megabytes."""
WHOLE_S: Final = 120.0
"""For an answer to come to its end; between two of its bytes there is the timeout of the client."""


def client(**options: Any) -> httpx.Client:
    """A client. Raises BadSetting for a proxy or a file of certificates that cannot be used."""
    try:
        return httpx.Client(**options)
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        about = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE or SSL_CERT_DIR"
        raise BadSetting(f"It is {about}: {error}") from error


def request(http: httpx.Client, method: str, url: str, **options: Any) -> httpx.Response:
    """An answer. Raises httpx.HTTPError, also for an address that is none and an answer that does not end."""
    try:
        with http.stream(method, url, **options) as response:
            content = _content(response, time.monotonic() + WHOLE_S)
            headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_WAY]
            return httpx.Response(response.status_code, headers=headers, content=content, request=response.request)
    except httpx.InvalidURL as error:
        raise httpx.UnsupportedProtocol(f"{url!r} is no address: {error}") from error


_OF_THE_WAY = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


def _content(response: httpx.Response, deadline: float) -> bytes:
    """All of it, unpacked. Raises httpx.HTTPError."""
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MOST_BYTES:
            raise httpx.DecodingError(f"the answer is longer than {MOST_BYTES} bytes", request=response.request)
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout(f"the answer did not end within {WHOLE_S:.0f} s", request=response.request)
    return bytes(content)


def get(url: str, *, timeout: float, headers: dict[str, str] | None = None) -> httpx.Response:
    """An answer to one request. Raises httpx.HTTPError, BadSetting."""
    with client(timeout=timeout) as http:
        return request(http, "GET", url, headers=headers)
