"""Fake ONVIF devices on loopback: what answers to WS-Discovery, and the device and media services behind it.

Plain by default; every field of `Device` makes another of the cameras that one meets.
"""

import asyncio
import base64
import hashlib
import re
import secrets
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from fakecamera.authentication import Scheme

GROUP, PORT, LOOPBACK = "239.255.255.250", 3702, "127.0.0.1"
CAMERA_TYPE = "dn:NetworkVideoTransmitter"
FRESH_S = 60
"""How far the time in a password's digest may be from the device's own clock."""
NOT_AUTHORIZED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text>Sender not Authorized</s:Text></s:Reason></s:Fault>"
)
TO_STRANGERS = ("GetSystemDateAndTime", "GetServices", "GetCapabilities")
_FIELD = r"<(?:[\w-]+:)?{}(?:\s[^>]*)?>([^<]*)<"
_OPERATION = re.compile(r"<(?:[\w-]+:)?(Get\w+)")


@dataclass(frozen=True, slots=True)
class Profile:
    """`stream` and `snapshot`: paths, or whole addresses."""

    name: str = "main"
    encoding: str = "H264"
    size: tuple[int, int] = (1920, 1080)
    rate: int = 25
    stream: str = "/stream1"
    snapshot: str = "/snapshot.jpg"


@dataclass
class Device:
    """A device. `addresses`: of loopback, each is an interface of it that answers by itself; `services`: the addresses
    that it announces, `{port}` stands for its own; `before`: datagrams that it sends before its answer; `only_by_type`:
    it answers when it is asked for cameras by their type, and else not; `login`: needed by WS-Security, or by HTTP
    where `by_http`; `clock_s`: how far its clock is off; `asked`: operations, in order."""

    endpoint: str = field(default_factory=lambda: f"urn:uuid:{secrets.token_hex(16)}")
    addresses: tuple[str, ...] = (LOOPBACK,)
    types: str = CAMERA_TYPE
    scopes: tuple[str, ...] = ("onvif://www.onvif.org/name/Bar", "onvif://www.onvif.org/hardware/FK-1")
    services: tuple[str, ...] = ("http://{host}:{port}/onvif/device_service",)
    delay_s: float = 0.0
    before: tuple[bytes, ...] = ()
    only_by_type: bool = False
    is_onvif: bool = True
    login: tuple[str, str] | None = None
    by_http: bool = False
    clock_s: float = 0.0
    second_media: bool = False
    media_host: str = ""
    profiles: tuple[Profile, ...] = (Profile(),)
    port: int = 0
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    bodies: list[str] = field(default_factory=list)
    _nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    def match(self, host: str) -> bytes:
        """Its ProbeMatches, as sent from one of its addresses."""
        services = " ".join(each.format(host=host, port=self.port) for each in self.services)
        reference = f"<a:Address>{self.endpoint}</a:Address>" if self.endpoint else ""
        types = f"<d:Types>{self.types}</d:Types>" if self.types else ""
        scopes = f"<d:Scopes>{escape(' '.join(self.scopes))}</d:Scopes>" if self.scopes else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
            ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
            ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
            ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Body><d:ProbeMatches><d:ProbeMatch>'
            f"<a:EndpointReference>{reference}</a:EndpointReference>{types}{scopes}<d:XAddrs>{services}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
        ).encode()

    def reply(self, headers: str, body: str, host: str) -> tuple[int, str, str]:
        """Status, further header and body of the answer to a request."""
        found = _OPERATION.search(body)
        operation = found[1] if found else ""
        self.asked.append(operation)
        self.bodies.append(headers + body)
        if not self.is_onvif or not operation:
            return 404, "", "<html>not here"
        if operation not in TO_STRANGERS and not self._admits(headers, body):
            challenge = Scheme("Digest", qop=True).challenge(self._nonce, stale=False)
            return (401, f"WWW-Authenticate: {challenge}\r\n", "") if self.by_http else (400, "", _soap(NOT_AUTHORIZED))
        return 200, "", _soap(self._result(operation, body, host))

    def now(self) -> datetime:
        """By its own clock."""
        return datetime.now(UTC) + timedelta(seconds=self.clock_s)

    def _admits(self, headers: str, body: str) -> bool:
        if self.login is None:
            return True
        if self.by_http:
            given = re.search(r"(?im)^authorization:\s*(.*?)\s*$", headers)
            return bool(given and Scheme("Digest", qop=True).admits(given[1], "POST", self._nonce, self.login))
        user, password, nonce, created = (_text(body, name) for name in ("Username", "Password", "Nonce", "Created"))
        digest = hashlib.sha1(base64.b64decode(nonce) + created.encode() + self.login[1].encode())  # noqa: S324
        if not created or user != self.login[0] or password != base64.b64encode(digest.digest()).decode():
            return False
        return abs((self.now() - datetime.fromisoformat(created)).total_seconds()) <= FRESH_S

    def _result(self, operation: str, body: str, host: str) -> str:
        own = f"{host}:{self.port}"
        match operation:
            case "GetSystemDateAndTime":
                now = self.now()
                return (
                    "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
                    f"<tt:UTCDateTime><tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
                    f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>"
                    f"{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date></tt:UTCDateTime>"
                    "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
                )
            case "GetServices":
                version = "20" if self.second_media else "10"
                return (
                    "<tds:GetServicesResponse><tds:Service>"
                    f"<tds:Namespace>http://www.onvif.org/ver{version}/media/wsdl</tds:Namespace>"
                    f"<tds:XAddr>http://{self.media_host or own}/onvif/media</tds:XAddr>"
                    "</tds:Service></tds:GetServicesResponse>"
                )
            case "GetDeviceInformation":
                return (
                    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Fake &amp; Sons</tds:Manufacturer>"
                    "<tds:Model>FK-1</tds:Model></tds:GetDeviceInformationResponse>"
                )
            case "GetProfiles":
                return (
                    "<trt:GetProfilesResponse>"
                    + "".join(map(self._profile, self.profiles))
                    + ("</trt:GetProfilesResponse>")
                )
            case "GetStreamUri" | "GetSnapshotUri":
                return self._uri(operation, _text(body, "ProfileToken"), host)
        return "<s:Fault><s:Reason><s:Text>ActionNotSupported</s:Text></s:Reason></s:Fault>"

    def _profile(self, profile: Profile) -> str:
        width, height = profile.size
        size = f"<tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
        rate = f"<tt:RateControl><tt:FrameRateLimit>{profile.rate}</tt:FrameRateLimit></tt:RateControl>"
        name = "VideoEncoder" if self.second_media else "VideoEncoderConfiguration"
        encoder = f"<tt:{name}><tt:Encoding>{profile.encoding}</tt:Encoding>{size}{rate}</tt:{name}>"
        return f'<trt:Profiles token="{profile.name}"><tt:Name>{profile.name}</tt:Name>{encoder}</trt:Profiles>'

    def _uri(self, operation: str, token: str, host: str) -> str:
        profile = next(each for each in self.profiles if each.name == token)
        path = profile.stream if operation == "GetStreamUri" else profile.snapshot
        scheme = "rtsp" if operation == "GetStreamUri" else "http"
        uri = path if "://" in path else f"{scheme}://{host}:{self.port}{path}"
        answer = f"<trt:MediaUri><tt:Uri>{escape(uri)}</tt:Uri></trt:MediaUri>"
        return f"<trt:{operation}Response>{answer}</trt:{operation}Response>"


@asynccontextmanager
async def onvif_devices(devices: Sequence[Device]) -> AsyncIterator[None]:
    """They serve, and answer to WS-Discovery on loopback, until the end. Ports are set."""
    async with AsyncExitStack() as stack:
        for device in devices:
            for address in device.addresses:
                await stack.enter_async_context(_served(device, address))
        for device in devices:
            for address in device.addresses:
                stack.callback((await _listening(device, address)).close)
        yield


@asynccontextmanager
async def _served(device: Device, address: str) -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        device.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
            length = re.search(r"(?i)content-length:\s*(\d+)", head)
            body = (await reader.readexactly(int(length[1]) if length else 0)).decode()
            status, header, answer = device.reply(head, body, address)
            data = answer.encode()
            head = f"HTTP/1.1 {status} X\r\n{header}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + data)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, address, device.port)
    device.port = server.sockets[0].getsockname()[1]
    async with server:
        yield


class _Responder(asyncio.DatagramProtocol):
    """Answers from one address of a device, as often as it is asked."""

    def __init__(self, device: Device, address: str) -> None:
        self._device, self._address = device, address

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if b"Probe" in data and (not self._device.only_by_type or b"NetworkVideoTransmitter<" in data):
            asyncio.get_running_loop().call_later(self._device.delay_s, self._answer, addr)

    def _answer(self, to: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.bind((self._address, 0))
            for datagram in (*self._device.before, self._device.match(self._address)):
                sending.sendto(datagram, to)


async def _listening(device: Device, address: str) -> asyncio.DatagramTransport:
    joined = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    joined.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    joined.bind((GROUP, PORT))
    membership = struct.pack("=4s4s", socket.inet_aton(GROUP), socket.inet_aton(LOOPBACK))
    joined.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    make = asyncio.get_running_loop().create_datagram_endpoint
    transport, _ = await make(lambda: _Responder(device, address), sock=joined)
    return transport


def _soap(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
        ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def _text(body: str, name: str) -> str:
    found = re.search(_FIELD.format(name), body)
    return found[1] if found else ""
