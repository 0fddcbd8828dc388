"""What answers when cameras are looked for: which answers are of one device, which device is a camera, and which of the
addresses that it names are its own. Pure.

Sources: WS-Discovery (April 2005); ONVIF Core Specification, 7.3 (types and scopes).
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import unquote, urlsplit, urlunsplit

from chassis.errors import CodedError
from outbound import has_credentials

IpAddress = IPv4Address | IPv6Address

LISTEN_S = 5.0
"""After the first question; WS-Discovery gives a device half a second, and not every camera keeps to it."""
ASK_AT_S = (0.0, 1.0, 2.0)
"""UDP loses packets, and a camera that sleeps misses the first."""
DEVICE_S = 8.0
"""To ask one device for its streams."""
AT_ONCE = 16
"""Devices that are asked at a time."""
MOST_ANSWERS = 4096
"""Datagrams that are read in one discovery."""
MOST_ANSWERS_OF_ONE = 512
"""Of one address; a recorder answers for each of its cameras."""
MOST_MATCHES = 64
"""Devices in one datagram."""
MOST_SERVICES = 3
"""Addresses of one device that are tried."""
MOST_DEVICES = 100
"""As many cameras as a site may have."""
MOST_PROFILES = 32
"""Of one device; a recorder has two for each of its cameras."""
MOST_STREAMS = 300
"""In one answer, which is one record and one document."""
LARGEST_NUMBER = 100_000
"""Of pixels a side, and of pictures a second."""
LONGEST_TEXT = 100
LONGEST_ADDRESS = 300

CAMERA_TYPE = "networkvideotransmitter"
ONVIF_SCOPE = "onvif://www.onvif.org/"
DEVICE_SERVICE = "/onvif/device_service"
ITSELF = "itself"
"""Any name does: see `own_address`."""
CODECS = {"h264": "h264", "h265": "hevc", "hevc": "hevc", "jpeg": "mjpeg", "mjpeg": "mjpeg", "mpeg4": "mpeg4"}
"""Names of ONVIF as FFmpeg names them."""


class DeviceFailed(CodedError):
    """The streams of a device that answered are not known, or one of them is not."""


class PasswordNeeded(DeviceFailed):
    """The camera names its streams only to whom it knows; enter its user name and password."""


class PointsElsewhere(DeviceFailed):
    """The camera names an address that is not its own, where nothing is asked; is its network set up right?"""


class NotOnvif(DeviceFailed):
    """It announces itself, and does not answer as ONVIF says; is ONVIF switched on in the camera?"""


class NoStreams(DeviceFailed):
    """The camera names no stream; set one up in it, or look its address up in the camera's manual."""


class AddressNotReadable(DeviceFailed):
    """The camera names an address that cannot be read, or that holds its password; look it up in its manual."""


class NotAskedInTime(DeviceFailed):
    """The camera did not say in time which streams it has; look for cameras again, or probe its address."""


class TooManyStreams(DeviceFailed):
    """All cameras together have more streams than one answer holds; look this one up in its manual, and probe it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One device in one answer. `endpoint`: its own name for itself, empty where it gave none."""

    sender: IpAddress
    endpoint: str
    services: tuple[str, ...]
    types: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """All that was heard of one device. `senders`: the addresses that it answered from."""

    endpoint: str
    senders: tuple[IpAddress, ...]
    services: tuple[str, ...]
    types: str
    scopes: tuple[str, ...]

    def scope(self, *names: str) -> str | None:
        """The value of the first scope of ONVIF with one of these names, such as `name` or `hardware`."""
        for scope in self.scopes:
            name, _, value = scope[len(ONVIF_SCOPE) :].partition("/")
            if scope.lower().startswith(ONVIF_SCOPE) and name.lower() in names and value:
                return shown(unquote(value))
        return None

    @property
    def looks_like_a_camera(self) -> bool:
        """By what it says of itself; one that says nothing may be one all the same, and has to be asked."""
        return (
            CAMERA_TYPE in self.types.lower()
            or any(each.lower().startswith(ONVIF_SCOPE) for each in self.scopes)
            or any("/onvif/" in each.lower() for each in self.services)
        )


class Sightings:
    """Collects answers: several of one endpoint reference are one device, whatever interface each came by."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._left_out: set[str] = set()
        self._answers: dict[IpAddress, int] = {}

    def has_room_for(self, sender: IpAddress) -> bool:
        """Whether one more answer of this address is read; counts it."""
        if sum(self._answers.values()) >= MOST_ANSWERS or self._answers.get(sender, 0) >= MOST_ANSWERS_OF_ONE:
            return False
        self._answers[sender] = self._answers.get(sender, 0) + 1
        return True

    def add(self, sighting: Sighting) -> None:
        """Without an endpoint reference a device is known by where it answers from, and by what it names first."""
        key = sighting.endpoint or " ".join((str(sighting.sender), *sighting.services[:1]))
        known = self._devices.get(key)
        if known is None and len(self._devices) >= MOST_DEVICES:
            self._left_out.add(key)
        elif known is None:
            self._devices[key] = Device(
                sighting.endpoint, (sighting.sender,), sighting.services, sighting.types, sighting.scopes
            )
        else:
            self._devices[key] = _merged(known, sighting)

    @property
    def left_out(self) -> int:
        return len(self._left_out)

    def devices(self) -> list[Device]:
        """By address, those of IPv4 first."""
        return sorted(self._devices.values(), key=lambda each: (each.senders[0].version, int(each.senders[0])))


def _merged(known: Device, sighting: Sighting) -> Device:
    senders = sorted({*known.senders, sighting.sender}, key=lambda each: (each.version, int(each)))
    return replace(
        known,
        senders=tuple(senders),
        services=tuple(dict.fromkeys(known.services + sighting.services))[:MOST_MATCHES],
        types=known.types or sighting.types,
        scopes=tuple(dict.fromkeys(known.scopes + sighting.scopes))[:MOST_MATCHES],
    )


def own_address(text: str, device: Device) -> str:
    """An address that a device names, without user name and password. A host name, or 0.0.0.0, stands for the device
    itself: nothing that it names is looked up. Raises PointsElsewhere, AddressNotReadable."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressNotReadable("its host or port") from error
    if not host or len(text) > LONGEST_ADDRESS:
        raise AddressNotReadable("no host, or too long")
    ip = _own_ip(host, device)
    shown_ip = f"[{ip}]" if ip.version == 6 else str(ip)
    netloc = shown_ip if port is None else f"{shown_ip}:{port}"
    address = urlunsplit((parts.scheme.lower(), netloc, parts.path, parts.query, ""))
    if has_credentials(address):
        raise AddressNotReadable("a password in its path")
    return address


def _own_ip(host: str, device: Device) -> IpAddress:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return device.senders[0]
    if ip.is_unspecified:
        return device.senders[0]
    if ip not in device.senders:
        raise PointsElsewhere
    return ip


def service_addresses(device: Device) -> Iterator[str]:
    """Where it may be asked: its own addresses of HTTP among those that it names, in the clear first as few cameras
    have a certificate that anybody signed; where it names none at all, the usual one. Raises PointsElsewhere,
    AddressNotReadable, where none is its own."""
    named = [each for each in device.services if each.lower().startswith(("http://", "https://"))]
    if not named:
        named = [f"http://{ITSELF}{DEVICE_SERVICE}"]
    own, failure = [], None
    for each in named:
        try:
            own.append(own_address(each, device))
        except DeviceFailed as error:
            failure = failure or error
    if failure is not None and not own:
        raise failure
    yield from sorted(dict.fromkeys(own), key=lambda each: each.startswith("https:"))


def shown(text: object, most: int = LONGEST_TEXT) -> str | None:
    """A text of a stranger, for people: one line, bounded; None where nothing is left of it."""
    plain = "".join(char if char.isprintable() else " " for char in str(text or "")[: 4 * most])
    return " ".join(plain.split())[:most] or None


def codec_of(encoding: object) -> str | None:
    """As FFmpeg names it."""
    name = shown(encoding, 20)
    return None if name is None else CODECS.get(name.lower().replace(".", ""), name.lower())


def number_of(text: object) -> int | None:
    """Of pixels or pictures a second; None for what cannot be one, which cameras also send."""
    return text if isinstance(text, int) and 0 < text <= LARGEST_NUMBER else None
