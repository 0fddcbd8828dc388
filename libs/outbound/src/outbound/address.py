"""Reading an address that a user typed: scheme, host, port, path; nothing that could be read in two ways. Pure."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

MAX_LENGTH = 2000
RTSP = {"rtsp": 554, "rtsps": 322}
"""Schemes of cameras with their default ports (IANA)."""
HTTP = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_LAST_IS_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?$")

# Cameras also take them in the path (/user=admin_password=x_channel=1.sdp) and in the query (?usr=admin&pwd=x).
_NAMED_SECRET = re.compile(
    r"[/?&;_-](?:user(?:name)?|usr|login|account|pass(?:word|wd)?|pwd|psw|token|auth(?:key)?|(?:api_?)?key|secret"
    r"|jwt|bearer|sig(?:nature)?)=",
    re.IGNORECASE,
)
# A password that holds a slash ends what is read as host and port: such a port is no number.
_USER = re.compile(r"^[^/?#]*@|^[^/?#\[\]]*:(?!\d*(?:[/?#]|$)).*@")


class BadAddress(ValueError):
    """The text is no address of an allowed scheme; its message says why and repeats nothing of the text."""


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is a name or an IP address without brackets, `path` begins with a slash and has the query."""

    scheme: str
    host: str
    port: int
    path: str


def parse(text: str, schemes: Mapping[str, int]) -> Address:
    """`schemes`: those that are allowed, with their default ports. Raises BadAddress.

    Numbers that only some programs take for IPv4 (`2130706433`, `0177.0.0.1`, `0x7f.1`) are refused, as are user names,
    control characters and fragments.
    """
    if len(text) > MAX_LENGTH or any(char.isspace() or not char.isprintable() or char == "\\" for char in text):
        raise BadAddress("it is too long, or holds spaces or control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadAddress("its host or port cannot be read") from error
    if parts.scheme not in schemes:
        raise BadAddress(f"it has to begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if "@" in parts.netloc or parts.fragment:
        raise BadAddress("it holds a user name or a fragment")
    if port == 0:
        raise BadAddress("its port is 0")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, _host(parts), schemes[parts.scheme] if port is None else port, path)


def has_credentials(address: str) -> bool:
    """Whether an address names a user, as RFC 3986 has it (3.2.1) or nearly so, or a secret by its name."""
    return bool(_USER.search(address.partition("://")[2]) or _NAMED_SECRET.search(unquote(address)))


def joined(base: str, reference: str) -> str:
    """An address that a document or a redirect names, as seen from where it stands. Raises BadAddress."""
    try:
        return urljoin(base, reference)
    except ValueError as error:
        raise BadAddress("its host or port cannot be read") from error


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc or _LAST_IS_NUMBER.search(host):
        try:
            return str(ipaddress.ip_address(host))
        except ValueError as error:
            raise BadAddress("its host looks like a number and is no IP address") from error
    if not _HOST_NAME.fullmatch(host) or len(host) > 253:
        raise BadAddress("its host is no name")
    return host
