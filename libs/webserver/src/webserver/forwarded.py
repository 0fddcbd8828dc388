"""Where a server is for its clients: also behind a proxy that cuts a prefix off the path, or rewrites Host. Pure."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

_PATH = re.compile(r"(/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)*")
_LONGEST_PATH: Final = 500
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def is_path(text: str) -> bool:
    """Whether a text is the path of a URL, or empty; never one that a client would take for another host."""
    return len(text) <= _LONGEST_PATH and _PATH.fullmatch(text) is not None


def forwarded_prefix(headers: Mapping[str, str]) -> str | None:
    """X-Forwarded-Prefix: the path that proxies cut off, the outermost first; None without one that is a path."""
    text = headers.get("x-forwarded-prefix")
    if text is None:
        return None
    prefix = "".join(part.strip().rstrip("/") for part in text.split(","))
    return prefix if is_path(prefix) else None


def came_to(public: SplitResult, headers: Mapping[str, str]) -> bool:
    """Whether a request was sent to the host of a public address; the names of `headers` are in lower case."""
    host = headers.get("x-forwarded-host", "").partition(",")[0].strip() or headers.get("host", "")
    try:
        return _host_and_port(urlsplit(f"{public.scheme}://{host}")) == _host_and_port(public)
    except ValueError:  # an address in brackets, or a port, that is none
        return False


def public_prefix(public_url: str, headers: Mapping[str, str]) -> str | None:
    """The path below which the client sees a server with that public address; None where that is not known."""
    prefix = forwarded_prefix(headers)
    if prefix is not None:
        return prefix
    public = urlsplit(public_url)
    path = public.path.rstrip("/")
    return path if not path or came_to(public, headers) else None


def client_location(location: str, public_url: str, headers: Mapping[str, str], path: str) -> str:
    """A Location that is a path of ours, as the client of a request to `path` has to ask for it.

    Below the prefix where that is known, else relative to the request's own URL (RFC 9110, 10.2.2), which no prefix
    makes wrong.
    """
    if not location.startswith("/"):
        return location
    prefix = public_prefix(public_url, headers)
    if prefix is not None:
        return prefix + location
    below = location.removeprefix(path + "/")
    return location if below == location else f"{path.rpartition('/')[2]}/{below}"


def _host_and_port(url: SplitResult) -> tuple[str | None, int | None]:
    return url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)
