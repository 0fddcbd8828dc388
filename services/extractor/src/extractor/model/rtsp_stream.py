"""What runs over an RTSP connection: messages, and media interleaved with them (RFC 2326, 10.12). Pure.

Cameras break the rules in many ways (docs/dialects.md), so that what is read here is whatever can be understood; what
cannot is left out, up to the next that can.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

MAX_HEAD = 16 << 10
MAX_BODY = 256 << 10
LEAST_MEDIA = 8
"""Bytes: an RTCP packet. An RTP packet has twelve."""
BLOCK = 4
"""Bytes of a block before its content: `$`, the channel and the length."""
ANSWER = b"RTSP/1."
BEGIN = re.compile(rb"\$|RTSP/1\.\d \d")
"""How a block or an answer begins. One search for both, so that no byte is looked at twice, whatever a camera sends."""
END_OF_HEAD = re.compile(rb"\r\n\r\n|\n\n")
"""One search for both here too."""
KEPT = len(b"RTSP/1.0 2")
"""Bytes at the end of what is left out: one of these may begin in them."""
VERSION = 2
"""Of RTP and RTCP, in the first two bits."""

Headers = tuple[tuple[str, str], ...]


class Broken(Exception):
    """What comes is no RTSP."""


@dataclass(frozen=True, slots=True)
class Message:
    """`first`: the line of the request or the status."""

    first: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first.partition(" ")[0]

    @property
    def address(self) -> str:
        """Of a request."""
        return [*self.first.split(" "), ""][1]

    @property
    def status(self) -> int:
        """Of an answer; 0 if it has none."""
        code = [*self.first.split(" "), ""][1]
        return int(code) if len(code) == 3 and code.isascii() and code.isdecimal() else 0

    def all(self, name: str) -> list[str]:
        """Values of the headers of that name."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def get(self, name: str) -> str:
        """Value of the first of them, "" without one."""
        return next(iter(self.all(name)), "")

    def put(self, name: str, value: str) -> "Message":
        """With this header in the place of all of that name."""
        return replace(self, headers=(*self.drop(name).headers, (name, value)))

    def drop(self, name: str) -> "Message":
        """Without the headers of that name."""
        return replace(self, headers=tuple(each for each in self.headers if each[0].lower() != name.lower()))

    def encode(self) -> bytes:
        """With the length that the body has."""
        headers = [f"{name}: {value}" for name, value in self.headers if name.lower() != "content-length"]
        headers += [f"Content-Length: {len(self.body)}"] if self.body else []
        return "\r\n".join([self.first, *headers, "", ""]).encode(errors="surrogateescape") + self.body


def parse_head(data: bytes) -> Message:
    """A message without its body. A line that begins with a space goes on with the one before."""
    lines = data.decode(errors="surrogateescape").replace("\r\n", "\n").strip("\n").split("\n")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if line[:1].isspace():
            headers[-1:] = [(each, f"{old} {line.strip()}".strip()) for each, old in headers[-1:]]
        elif colon:
            headers.append((name.strip(), value.strip()))
    return Message(lines[0].strip(), tuple(headers))


class Splitter:
    """Of one direction. `answers`: messages are those of a server; else requests.

    `channels` of the media that is wanted: that of others is left out.
    """

    def __init__(self, *, answers: bool) -> None:
        self._answers, self._rest = answers, b""
        self._head: Message | None = None
        self._understood = False
        self.channels: frozenset[int] = frozenset()

    def feed(self, data: bytes) -> list[bytes | Message]:
        """What is whole with these bytes: messages, and blocks one after another as they came. Raises Broken."""
        buffer = self._rest + data
        found: list[bytes | Message] = []
        at = 0
        while (following := self._next(buffer, at, found)) > at:
            at = following
        self._rest = buffer[at:]
        return found

    def _next(self, buffer: bytes, at: int, found: list[bytes | Message]) -> int:
        """Where what begins at `at` ends; `at` itself if it is not whole yet."""
        if self._head is not None:
            return self._take_body(self._head, buffer, at, found)
        if buffer[at : at + 1] == b"$":
            return self._take_blocks(buffer, at, found)
        return self._take_head(buffer, at, found)

    def _take_blocks(self, buffer: bytes, at: int, found: list[bytes | Message]) -> int:
        """As many as follow each other: one copy for all of them."""
        begin, end, wanted = at, len(buffer), self.channels
        while end - at >= BLOCK and buffer[at] == 0x24 and buffer[at + 1] in wanted:
            length = buffer[at + 2] << 8 | buffer[at + 3]
            if length < LEAST_MEDIA or at + BLOCK + length > end or buffer[at + BLOCK] >> 6 != VERSION:
                break
            at += BLOCK + length
        if at > begin:
            found.append(buffer[begin:at])
            return at
        return self._take_odd_block(buffer, at)

    def _take_odd_block(self, buffer: bytes, at: int) -> int:
        """One that is not whole yet, that is of another channel, or no block."""
        if len(buffer) - at < BLOCK + 1:
            return at
        length = buffer[at + 2] << 8 | buffer[at + 3]
        if length < LEAST_MEDIA or buffer[at + BLOCK] >> 6 != VERSION:
            return self._leave_out(buffer, at)
        return at + BLOCK + length if at + BLOCK + length <= len(buffer) else at

    def _take_head(self, buffer: bytes, at: int, found: list[bytes | Message]) -> int:
        if not self._may_begin(buffer, at):
            return self._leave_out(buffer, at)
        end = _end_of_head(buffer, at)
        if end < 0:
            if len(buffer) - at > MAX_HEAD:
                raise Broken("a head without an end")
            return at
        self._head, self._understood = parse_head(buffer[at:end]), True
        return self._take_body(self._head, buffer, end, found) if end < len(buffer) else self._bodiless(end, found)

    def _bodiless(self, end: int, found: list[bytes | Message]) -> int:
        """At the end of what is there: the body, if there is one, is still to come."""
        if self._head is not None and _length_of_body(self._head) == 0:
            found.append(self._head)
            self._head = None
        return end

    def _take_body(self, head: Message, buffer: bytes, at: int, found: list[bytes | Message]) -> int:
        length = _length_of_body(head)
        if length > MAX_BODY:
            raise Broken("a body that is too long")
        if len(buffer) - at < length:
            return at
        found.append(replace(head, body=buffer[at : at + length]))
        self._head = None
        return at + length

    def _may_begin(self, buffer: bytes, at: int) -> bool:
        """Whether a message may begin there."""
        if not self._answers:
            return buffer[at : at + 1].isupper()
        return ANSWER.startswith(buffer[at : at + len(ANSWER)])

    def _leave_out(self, buffer: bytes, at: int) -> int:
        """Up to where a block of a wanted channel or a message begins, or to the end but for a few bytes."""
        if not self._understood:
            raise Broken("no RTSP")
        begins = (each.start() for each in BEGIN.finditer(buffer, at + 1))
        found = next((each for each in begins if buffer[each] != 0x24 or self._is_block(buffer, each)), None)
        return max(at, len(buffer) - KEPT) if found is None else found

    def _is_block(self, buffer: bytes, at: int) -> bool:
        """Whether a block of RTP or RTCP is likely to begin there."""
        if len(buffer) - at < BLOCK + 1 or buffer[at + 1] not in self.channels:
            return False
        return buffer[at + 2] << 8 | buffer[at + 3] >= LEAST_MEDIA and buffer[at + BLOCK] >> 6 == VERSION


def block(channel: int, content: bytes) -> bytes:
    """Of interleaved media."""
    return b"$" + bytes([channel]) + len(content).to_bytes(2, "big") + content


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Channel and content of blocks that are whole."""
    at = 0
    while at < len(data):
        end = at + BLOCK + (data[at + 2] << 8 | data[at + 3])
        yield data[at + 1], data[at + BLOCK : end]
        at = end


def _end_of_head(buffer: bytes, at: int) -> int:
    """Behind the empty line; -1 while there is none, or where it is too far."""
    found = END_OF_HEAD.search(buffer, at, at + MAX_HEAD)
    return -1 if found is None else found.end()


def _length_of_body(head: Message) -> int:
    text = head.get("content-length")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
