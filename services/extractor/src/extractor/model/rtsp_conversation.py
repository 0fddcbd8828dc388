"""What a relay makes of the questions of a reader and the answers of its camera. Pure.

The reader speaks plain RTSP and knows no password. Here the camera's host is named, the password is answered for, and
what cameras do that FFmpeg cannot live with is put right: which, and for whom, is in docs/dialects.md.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from credentials import Credentials
from extractor.model.camera_failures import CameraFailed, TransportNotOffered
from extractor.model.digest import Basic, Challenge, chosen
from extractor.model.rtsp_stream import Broken, Message

MAX_ATTEMPTS = 4
"""At one request: without a password, with it, and twice with a newer nonce."""
MAX_PENDING = 16
METHODS = frozenset({"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER"})
KEEPALIVES = ("GET_PARAMETER", "OPTIONS")
CODEC = re.compile(rb"a=rtpmap:\d+\s+(H26[45])/", re.IGNORECASE)
SERVER_PORTS = re.compile(r"server_port=\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?")
TO_UDP = "RTP/AVP/UDP;unicast;client_port={}-{}"
CHANNELS = re.compile(r"interleaved=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?")
UNSUPPORTED_TRANSPORT = 461


@dataclass(slots=True)
class _Pending:
    """A request that the camera has not answered; `number`: its CSeq as the reader counts."""

    request: Message
    number: str
    is_keepalive: bool
    attempts: int = 1
    refused_as: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Step:
    """What goes where now; both may be nothing."""

    to_camera: bytes = b""
    to_reader: bytes = b""


class Conversation:
    """Of one connection. `here` and `there`: how addresses begin for the reader and for the camera. `random` is for
    the client's nonces. `ports`: ours, if the camera is to send over UDP; the reader asks for TCP all the same.
    """

    def __init__(
        self,
        here: str,
        there: str,
        credentials: Credentials | None,
        random: Callable[[], str],
        ports: tuple[int, int] | None = None,
    ) -> None:
        self._here, self._there, self._credentials, self._random = here, there, credentials, random
        self._challenge: Challenge | Basic | None = None
        self._pending: deque[_Pending] = deque()
        self._number = 0
        self._ports = ports
        self._asked_transport = ""
        self._session = ""
        self._keepalive = ""  # as the reader asks, until the camera refuses that
        self.plays = False
        self.channels: frozenset[int] = frozenset()
        """Of the media that was agreed on."""
        self.failure: CameraFailed | None = None
        """Why the camera cannot be read, where that shows here."""
        self.codec = ""
        """Of its pictures, as it describes them."""
        self.server_ports: tuple[int, int] | None = None
        """From which it sends over UDP; 0 where it does not say."""

    def asked(self, request: Message) -> Step:
        """The reader asks. Raises Broken."""
        if request.method not in METHODS or len(self._pending) >= MAX_PENDING:
            raise Broken(f"a reader that asks for {request.method[:20]}")
        is_keepalive = self.plays and request.method in KEEPALIVES
        address = request.address
        if address.startswith(self._here):
            address = self._there + address.removeprefix(self._here)
        method = self._keepalive if is_keepalive and self._keepalive else request.method
        if method == "SETUP" and self._ports is not None:
            self._asked_transport = request.get("transport")
            request = request.put("Transport", TO_UDP.format(*self._ports))
        pending = _Pending(_named(request, method, address), request.get("cseq"), is_keepalive)
        self._pending.append(pending)
        return Step(to_camera=self._encoded(pending.request))

    def answered(self, answer: Message) -> Step:
        """The camera answers what it was asked first, whatever number it writes on it."""
        if not self._pending:
            return Step()
        pending = self._pending[0]
        if answer.status == 100:
            return Step()
        if answer.status == 401 and self._may_try_again(pending, answer):
            return Step(to_camera=self._again(pending, pending.request))
        if pending.is_keepalive and answer.status >= 400 and answer.status != 401:
            other = self._other_keepalive(pending)
            if other is not None:
                return Step(to_camera=self._again(pending, other))
        self._pending.popleft()
        return Step(to_reader=self._understood(pending.request, answer).put("CSeq", pending.number).encode())

    def farewell(self) -> bytes:
        """For a camera that plays over UDP: it would go on without the connection."""
        if not self.plays or self._ports is None or not self._session:
            return b""
        return self._encoded(Message(f"TEARDOWN {self._there}/ RTSP/1.0", (("Session", self._session),)))

    def _may_try_again(self, pending: _Pending, answer: Message) -> bool:
        """With what the camera asks for now. The same nonce again means that the password is wrong.

        After a Digest neither Basic counts nor an answer that asks for nothing: the one would have the password itself
        in the next request, and the other would make room for it.
        """
        before, offered = self._challenge, chosen(answer.all("www-authenticate"))
        if isinstance(before, Challenge) and not isinstance(offered, Challenge):
            return False
        self._challenge = offered
        if self._credentials is None or self._challenge is None or pending.attempts >= MAX_ATTEMPTS:
            return False
        if before is None:
            return True
        return isinstance(self._challenge, Challenge) and _is_newer(self._challenge, before)

    def _other_keepalive(self, pending: _Pending) -> Message | None:
        """In the place of one that was refused."""
        pending.refused_as.add(pending.request.method)
        other = next((each for each in KEEPALIVES if each not in pending.refused_as), None)
        if other is None:
            return None
        self._keepalive = other
        return _named(pending.request, other, pending.request.address)

    def _again(self, pending: _Pending, request: Message) -> bytes:
        pending.attempts += 1
        pending.request = request
        return self._encoded(request)

    def _encoded(self, request: Message) -> bytes:
        """With a number of our own, and with the password where the camera asked for one."""
        self._number += 1
        request = request.put("CSeq", str(self._number))
        if self._challenge is not None and self._credentials is not None:
            header = self._challenge.header(self._credentials, request.method, request.address, self._random)
            request = request.put("Authorization", header)
        return request.encode()

    def _understood(self, request: Message, answer: Message) -> Message:
        """As FFmpeg can read it."""
        if answer.status == 401:  # else FFmpeg asks once more, and some cameras count
            return answer.drop("WWW-Authenticate")
        if request.method == "DESCRIBE" and (codec := CODEC.search(answer.body)):
            self.codec = codec[1].decode().upper()
        if request.method == "DESCRIBE" and (base := answer.get("content-base")) and "://" not in base:
            return answer.put("Content-Base", f"{self._there.partition('//')[0]}//{base}")
        if request.method == "SETUP":
            return self._set_up(request, answer)
        self.plays = self.plays or (request.method == "PLAY" and answer.status == 200)
        return answer

    def _set_up(self, request: Message, answer: Message) -> Message:
        self._session = answer.get("session").partition(";")[0]
        transport = answer.get("transport") or request.get("transport")
        if self._ports is not None:
            return self._set_up_udp(transport, answer)
        if answer.status == UNSUPPORTED_TRANSPORT or (answer.status == 200 and not CHANNELS.search(transport)):
            self.failure = TransportNotOffered(transport[:100])
        elif answer.status == 200:
            self.channels = self.channels | _channels(transport)
            return answer.put("Transport", transport)
        return answer

    def _set_up_udp(self, transport: str, answer: Message) -> Message:
        """For the reader it is TCP."""
        is_other = any(word in transport.lower() for word in ("tcp", "interleaved", "multicast"))
        if answer.status == UNSUPPORTED_TRANSPORT or (answer.status == 200 and is_other):
            self.failure = TransportNotOffered(transport[:100])
        if answer.status != 200 or is_other:
            return answer.drop("Transport")
        self.server_ports = _server_ports(transport)
        self.channels = _channels(self._asked_transport)
        return answer.put("Transport", self._asked_transport)


def _server_ports(transport: str) -> tuple[int, int]:
    """Where there is one, that of RTCP follows it."""
    found = SERVER_PORTS.search(transport)
    first = int(found[1]) if found else 0
    second = int(found[2]) if found and found[2] else first + 1
    return (first, second) if 0 < first < 65535 and 0 < second < 65536 else (0, 0)


def _named(request: Message, method: str, address: str) -> Message:
    return Message(f"{method} {address} RTSP/1.0", request.headers, request.body)


def _is_newer(challenge: Challenge, before: Challenge | Basic | None) -> bool:
    """Whether it is worth another try: `stale` says so, or the nonce is one that was not used yet."""
    if not isinstance(before, Challenge):
        return True
    return challenge.nonce != before.nonce and (challenge.fields.get("stale", "").lower() == "true" or before.count > 1)


def _channels(transport: str) -> frozenset[int]:
    found = CHANNELS.search(transport)
    if found is None:
        return frozenset()
    first = int(found[1])
    return frozenset({first, int(found[2]) if found[2] else first + 1})
