"""Requests as bytes, with header values that no client library would send, and what was answered."""

import socket
from urllib.parse import urlsplit

from hypothesis import strategies as st

DIGITS = st.text("0123456789", min_size=1, max_size=30)
ZEROS = st.integers(1, 6000).map(lambda count: "0" * count)
SIGNS = st.sampled_from(["", "-", "+", " ", "0x", "1_", "1e", ".", "\xb2", "bytes=", "bytes=-", "W/", '"'])
NUMBERS = st.one_of(
    st.builds(str.__add__, ZEROS, DIGITS),
    st.builds(str.__add__, SIGNS, DIGITS),
    st.integers(1, 6000).map(lambda count: "9" * count),
    st.sampled_from([2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**400]).map(str),
    st.sampled_from(["nan", "inf", "-inf", "1e400", "", "0", "-0", "*", "1,2", "0-0", "-", "a-99999999999999999999"]),
)
# Latin-1 without what ends a header, as a server passes it on
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=200)
VALUES = NUMBERS | TEXTS


def status_of(url: str, method: str, path: str, headers: dict[str, str], body: bytes = b"", wait_s: float = 20) -> int:
    """The status of one request on a connection of its own; 0 where the server waits for more of it, or hangs up."""
    lines = [f"{method} {path} HTTP/1.1", "host: test", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    found = urlsplit(url)
    with socket.create_connection((found.hostname or "", found.port or 0), timeout=wait_s) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        try:
            answer = connection.recv(1000)
        except (TimeoutError, ConnectionError):
            return 0
    return int(answer.split(b" ")[1]) if answer else 0
