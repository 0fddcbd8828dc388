"""RTSP as cameras speak it that do not keep to the standards. Which do, and what becomes of them: docs/dialects.md.

python -m fakecamera CLIP --dialect NAME
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from fakecamera.authentication import DIGEST, Scheme
from fakecamera.rtp import PACKING, Packing

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent. `address` is the one that was asked for."""

    method: str
    address: str
    status: str
    headers: Headers = ()
    body: bytes = b""

    def with_header(self, name: str, value: str) -> "Reply":
        """In the place of the header of that name, where there is one."""
        return replace(self, headers=tuple((each, value if each == name else old) for each, old in self.headers))

    def without(self, name: str) -> "Reply":
        return replace(self, headers=tuple(each for each in self.headers if each[0] != name))

    def edited(self, name: str, old: str, new: str | Callable[[re.Match[str]], str]) -> "Reply":
        """By a regular expression."""
        headers = tuple((each, re.sub(old, new, value) if each == name else value) for each, value in self.headers)
        return replace(self, headers=headers)


Edit = Callable[[Reply], Reply]
ALIVE = frozenset({"OPTIONS", "GET_PARAMETER", "SET_PARAMETER"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a camera does that others do not. `transports`: over which it sends.

    `edit`: of each answer before it is sent. `between`: bytes behind every tenth packet. `sets`: where SPS and PPS are;
    `early_sets`: with the time of the picture before. `challenges`: in the order of the headers. `stale`: so many right
    answers are refused once, as the nonce is too old. `timeout_s`: without one of the requests `alive_by` the session
    ends then. `refused`: status by method. `first_channel`: of the pair that the camera chooses itself. `with_sound`:
    a track of sound stands first, and its packets come unasked. `early`: packets come before the answer to PLAY.
    `unanswered`: methods.
    """

    edit: Edit = field(default=lambda reply: reply)
    packing: Packing = PACKING
    between: bytes = b""
    sets: Literal["both", "in_band", "in_description"] = "both"
    early_sets: bool = False
    challenges: tuple[Scheme, ...] = (DIGEST,)
    stale: int = 0
    timeout_s: float | None = None
    alive_by: frozenset[str] = ALIVE
    refused: Mapping[str, str] = field(default_factory=dict)
    first_channel: int | None = None
    with_sound: bool = False
    early: bool = False
    unanswered: frozenset[str] = frozenset()
    transports: frozenset[str] = frozenset({"TCP", "UDP"})
    report_ssrc: int | None = None


PLAIN = Dialect()


def _lower_case(reply: Reply) -> Reply:
    return replace(reply, headers=tuple((name.lower(), value) for name, value in reply.headers))


def _folded(reply: Reply) -> Reply:
    """A line of one space in the middle of the headers."""
    if reply.method != "PLAY":
        return reply
    return replace(reply, headers=(*reply.headers[:1], (" ", ""), *reply.headers[1:]))


def _wrong_number(reply: Reply) -> Reply:
    """CSeq of the request before, where the camera refuses one."""
    if reply.status.startswith("200"):
        return reply
    return reply.edited("CSeq", r"\d+", lambda found: str(int(found[0]) - 1))


def _description(old: bytes, new: bytes) -> Edit:
    return lambda reply: replace(reply, body=reply.body.replace(old, new))


def _trailing(reply: Reply) -> Reply:
    return replace(reply, body=reply.body + b"\r\n\r\n\0\0") if reply.body else reply


def _absolute_control(reply: Reply) -> Reply:
    """An address of another network, as behind a router."""
    return _description(b"a=control:track1", b"a=control:rtsp://192.0.2.20:554/stream1/track1")(reply)


SHA = Scheme(algorithm="SHA-256", qop=True)

DIALECTS: Mapping[str, Dialect] = {
    "spaces-in-ssrc": Dialect(lambda reply: reply.edited("Transport", "$", ";ssrc=     D93FF")),
    "ssrc-with-prefix": Dialect(lambda reply: reply.edited("Transport", "$", ';ssrc=0x6f7c;mode="PLAY"')),
    "base-without-scheme": Dialect(lambda reply: reply.edited("Content-Base", "^rtsp://", "")),
    "no-base": Dialect(lambda reply: reply.without("Content-Base")),
    "absolute-control": Dialect(_absolute_control),
    "no-marks": Dialect(packing=Packing(marked=False)),
    "empty-fragments": Dialect(packing=Packing(empty_ends=True)),
    "lone-fragments": Dialect(packing=Packing(lone_fragments=True)),
    "header-extension": Dialect(packing=Packing(extended=True)),
    "sets-in-band": Dialect(sets="in_band"),
    "sets-in-description": Dialect(sets="in_description"),
    "early-sets": Dialect(early_sets=True),
    "short-timeout": Dialect(timeout_s=4),
    "get-parameter-405": Dialect(
        timeout_s=4, alive_by=frozenset({"OPTIONS"}), refused={"GET_PARAMETER": "405 Method Not Allowed"}
    ),
    "get-parameter-501": Dialect(
        timeout_s=4, alive_by=frozenset({"OPTIONS"}), refused={"GET_PARAMETER": "501 Not Implemented"}
    ),
    "get-parameter-454": Dialect(
        timeout_s=4, alive_by=frozenset({"OPTIONS"}), refused={"GET_PARAMETER": "454 Session Not Found"}
    ),
    "get-parameter-misnumbered": Dialect(
        _wrong_number, timeout_s=4, alive_by=frozenset({"OPTIONS"}), refused={"GET_PARAMETER": "400 Bad Request"}
    ),
    "unauthorized-twice": Dialect(stale=1),
    "basic": Dialect(challenges=(Scheme("Basic"),)),
    "digest-and-basic": Dialect(challenges=(DIGEST, Scheme("Basic"))),
    "digest-qop": Dialect(challenges=(Scheme(qop=True),)),
    "digest-sha-256": Dialect(challenges=(Scheme(algorithm="SHA-256"),)),
    "digest-sha-256-and-md5": Dialect(challenges=(SHA, DIGEST)),
    "lower-case": Dialect(_lower_case),
    "no-cseq": Dialect(lambda reply: reply.without("CSeq")),
    "folded-headers": Dialect(_folded),
    "no-transport": Dialect(lambda reply: reply.without("Transport")),
    "other-channels": Dialect(first_channel=8),
    "garbage-between": Dialect(between=bytes(range(60, 90)) + b"$\0\0\x04\n$"),
    "early-packets": Dialect(early=True),
    "sound-first": Dialect(with_sound=True),
    "trailing-bytes": Dialect(_trailing),
    "broken-description": Dialect(
        _description(
            b"m=video 0 RTP/AVP", b"m=application/TP-LINK 0 RTP/AVP smart/1/90000\r\nm=video -1353744643 RTP/AVP"
        )
    ),
    "teardown-unanswered": Dialect(unanswered=frozenset({"TEARDOWN"})),
    "report-of-another": Dialect(report_ssrc=0x34120000),
    "udp-alone": Dialect(transports=frozenset({"UDP"})),
    "tcp-alone": Dialect(transports=frozenset({"TCP"})),
    "no-server-port": Dialect(lambda reply: reply.edited("Transport", "server_port=[0-9-]+;?", "")),
    "answers-udp": Dialect(
        lambda reply: reply.with_header("Transport", "RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971")
    ),
}
"""By the name in docs/dialects.md."""
